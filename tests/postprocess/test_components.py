import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from oncontour.postprocess.components import component_boxes, component_sizes, label_components


def same_partition(a, b):
    pairs = set(zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    return len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})


@settings(max_examples=200, deadline=None)
@given(
    hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.booleans()),
    st.sampled_from([(6, 1), (18, 2), (26, 3)]),
)
def test_against_scipy(mask, neighbours):
    connectivity, rank = neighbours
    labels, count = label_components(mask, connectivity)
    expected, expected_count = ndimage.label(mask, ndimage.generate_binary_structure(3, rank))
    assert count == expected_count
    assert labels.shape == mask.shape
    assert same_partition(labels, expected)
    assert component_sizes(labels).sum() == mask.size


@pytest.mark.parametrize("shape", [(1, 1, 5), (5, 1, 1), (3, 3, 3), (5, 5, 5)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_chequerboard_needs_a_label_for_every_other_voxel(shape, order):
    mask = np.asarray(np.indices(shape).sum(axis=0) % 2 == 0, order=order)
    assert label_components(mask, 6)[1] == mask.sum()


@pytest.mark.parametrize("shape", [(6, 7), (1, 5), (4, 5, 6), (1, 1, 4)])
def test_boxes_against_scipy(shape):
    labels, _ = label_components(np.random.default_rng(1).random(shape) < 0.3, 8 if len(shape) == 2 else 26)
    assert component_boxes(labels) == ndimage.find_objects(labels)


def test_a_slice_has_the_components_that_scipy_finds():
    """Blobs with ragged edges, again and again: cc3d's labels of slices were now and then wrong, not always."""
    from scipy.ndimage import gaussian_filter, label

    random = np.random.default_rng(0)
    for _ in range(300):
        blob = gaussian_filter(random.normal(size=(60, 60)), 2)[8:51, 9:49] > 0
        labels, count = label_components(blob, 8)
        expected, n = label(blob, np.ones((3, 3)))
        assert (count, labels.max()) == (n, n)
        assert len({*zip(labels[blob].tolist(), expected[blob].tolist(), strict=True)}) == n
