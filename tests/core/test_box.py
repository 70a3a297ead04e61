import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oncontour.core.box import bounding_box, joint_box

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.booleans())


@given(MASKS)
def test_box_holds_every_voxel_and_no_smaller_box_does(mask):
    box = bounding_box(mask)
    assert box == bounding_box(np.asfortranarray(mask)) == bounding_box(np.flip(mask)[::-1, ::-1, ::-1])
    if box is None:
        assert not mask.any()
        return
    expected = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in np.nonzero(mask))
    assert box == expected


@given(MASKS, st.data())
def test_joint_box_is_that_of_the_union(mask, data):
    other = data.draw(hnp.arrays(bool, mask.shape))
    assert joint_box(mask, other) == bounding_box(mask | other)
