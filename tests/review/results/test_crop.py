"""What the page is given of a grid, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import GeometryError
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.volume import Volume
from oncontour.review.results.crop import cut, put_back

SHAPE = (7, 8, 9)
AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
@given(start=st.tuples(*[st.integers(0, 3)] * 3), size=st.tuples(*[st.integers(1, 4)] * 3), seed=st.integers(0, 99))
def test_a_voxel_comes_back_where_it_was(codes, start, size, seed):
    rng = np.random.default_rng(seed)
    volume = Volume(rng.integers(0, 8, SHAPE).astype(np.uint8), AFFINE).reoriented(codes)
    box = tuple(slice(low, low + count) for low, count in zip(start, size, strict=True))
    seen = cut(volume, box)
    painted = np.array(seen.array)
    place = tuple(int(rng.integers(count)) for count in painted.shape)
    painted[place] = 9
    after = put_back(volume, box, painted)
    ((i, j, k),) = np.argwhere(after.array == 9)
    np.testing.assert_allclose(volume.grid.to_world((i, j, k)), seen.grid.to_world(place))
    assert np.count_nonzero(after.array != volume.array) == 1
    np.testing.assert_array_equal(put_back(volume, box, seen.array).array, volume.array)


def test_another_shape_is_refused():
    volume = Volume(np.zeros(SHAPE, np.uint8), AFFINE)
    with pytest.raises(GeometryError, match=r"found voxels \(2, 2, 2\); expected \(7, 8, 9\)"):
        put_back(volume, (slice(None),) * 3, np.zeros((2, 2, 2), np.uint8))
