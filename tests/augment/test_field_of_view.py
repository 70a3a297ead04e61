import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from oncontour.augment.field_of_view import FieldOfView
from oncontour.augment.interface import Sample


@given(st.integers(0, 2**32 - 1))
def test_one_side_is_cut_off_image_and_region(seed):
    size = (20, 30, 40)
    params = FieldOfView().draw(np.random.default_rng(seed), (1, *size))
    image, region = FieldOfView().apply(params, Sample(torch.ones(1, *size), torch.ones(1, *size)))
    axis = params["axis"]
    profile = image[0].amax([n for n in range(3) if n != axis])
    lost = int((profile == 0).sum())
    assert 0.05 * size[axis] - 1 <= lost <= 0.3 * size[axis]
    assert lost == 0 or not profile[:lost].any() or not profile[-lost:].any()
    assert torch.equal(image, region)
