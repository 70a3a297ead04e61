import numpy as np
from scipy.ndimage import distance_transform_edt

from oncontour.augment.brain_mask import LARGEST_SLIP_MM, random_brain_mask


def test_brain_masks_wander_but_not_far():
    axes = np.ogrid[:48, :56, :44]
    brain = sum(((axis - size / 2) / (size / 3)) ** 2 for axis, size in zip(axes, (48, 56, 44), strict=True)) < 1
    rng = np.random.default_rng(0)
    masks = [random_brain_mask(rng, brain, 3.0) for _ in range(12)]
    shares = [mask.sum() / brain.sum() for mask in masks]
    assert min(shares) < 1 < max(shares)  # some cut into the brain, others go beyond it
    outside_mm = 3.0 * distance_transform_edt(~brain)
    assert all(outside_mm[mask].max() < 2 * LARGEST_SLIP_MM + 8 for mask in masks)
    assert all((mask & brain).sum() > 0.6 * brain.sum() for mask in masks)
