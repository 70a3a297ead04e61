import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.spatial.distance import pdist

from oncontour.measure import diameter, longest_diameter_mm

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5), elements=st.booleans())
SHEARED = np.array([[0.9, 0.3, 0.1, 3], [-0.2, 1.1, 0.4, -7], [0.0, 0.1, 2.5, 11], [0, 0, 0, 1.0]])


def brute_force(mask, affine):
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    points = [np.argwhere(labels == n) @ affine[:3, :3].T for n in range(1, count + 1)]
    return max([pdist(p).max() for p in points if len(p) > 1], default=0.0)


@settings(max_examples=150, deadline=None)
@given(MASKS, st.sampled_from([np.eye(4), SHEARED]), st.sampled_from([0, 400]))
def test_against_brute_force_with_and_without_hull(mask, affine, direct_points):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diameter, "DIRECT_POINTS", direct_points)
        assert longest_diameter_mm(mask, affine) == pytest.approx(brute_force(mask, affine))


def test_diameter_of_a_large_ball():
    distance = np.linalg.norm(np.indices((81, 81, 81)) - 40, axis=0)
    assert longest_diameter_mm(distance <= 38, np.eye(4)) == pytest.approx(76)


def test_foci_that_do_not_touch_are_not_joined():
    mask = np.zeros((50, 3, 3), dtype=bool)
    mask[:5, 1, 1] = mask[40:47, 1, 1] = True
    assert longest_diameter_mm(mask, np.eye(4)) == 6.0
