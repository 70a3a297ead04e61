import numpy as np
import torch

from oncontour.training.sampling import _crop, _start, tumour_sample


def test_patches_of_foreground_hold_tumour():
    target = np.zeros((40, 40, 40), np.uint8)
    target[33, 2, 17] = 1
    rng = np.random.default_rng(0)
    for _ in range(20):
        start = _start(rng, target, (16, 16, 16), foreground=1.0)
        assert _crop(target[None], start, (16, 16, 16)).any()


def test_cases_smaller_than_the_patch_are_centred_in_zeros():
    target = np.ones((10, 40, 40), np.uint8)
    start = _start(np.random.default_rng(0), target, (16, 16, 16), foreground=0.0)
    patch = _crop(target[None], start, (16, 16, 16))[0]
    assert patch.shape == (16, 16, 16)
    assert patch[3:13].all()
    assert not patch[:3].any()
    assert not patch[13:].any()


def test_same_generator_same_sample(tiny_plan, tiny_case):
    first = tumour_sample(np.random.default_rng(7), tiny_case, tiny_plan)
    second = tumour_sample(np.random.default_rng(7), tiny_case, tiny_plan)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_regions_are_nested_after_sampling(tiny_plan, tiny_case):
    _, regions = tumour_sample(np.random.default_rng(1), tiny_case, tiny_plan)
    assert (regions[0] >= regions[1]).all()
    assert (regions[1] >= regions[2]).all()
