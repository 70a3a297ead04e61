import torch

from oncontour.augment.channels import change_channels


def test_only_named_channels_change_and_only_inside(sample):
    changed = change_channels(sample, [{"channel": 2, "by": 5.0}], lambda values, by: values + by)
    inside = sample.image[2] != 0
    assert torch.equal(changed.image[[0, 1, 3]], sample.image[[0, 1, 3]])
    assert torch.equal(changed.image[2][inside], sample.image[2][inside] + 5)
    assert not changed.image[2][~inside].any()
    assert changed.regions is sample.regions
