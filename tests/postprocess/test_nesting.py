import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oncontour.postprocess.nesting import clip_nested, is_nested

REGIONS = hnp.arrays(bool, st.just((3, 3, 4, 5)), elements=st.booleans())


@given(REGIONS)
def test_clipped_regions_are_nested_and_only_lose_voxels(regions):
    clipped = clip_nested(regions)
    assert is_nested(clipped)
    assert not (clipped & ~regions).any()
    assert np.array_equal(clipped[0], regions[0])
    assert np.array_equal(clipped[2], regions.all(axis=0))


def test_is_nested_tells_the_difference():
    regions = np.zeros((2, 1, 1, 2), dtype=bool)
    regions[1, 0, 0, 0] = True
    assert not is_nested(regions)
    regions[0, 0, 0, 0] = True
    assert is_nested(regions)
