import numpy as np
import torch

from oncontour.augment.absent import random_absence
from oncontour.augment.brain_mask import LARGEST_SLIP_MM, random_brain_mask
from oncontour.augment.intensity import random_intensity
from oncontour.augment.mirror import random_mirror
from oncontour.augment.surroundings import random_surroundings
from oncontour.core.sequence import SUFFICIENT, Sequence

CHANNELS = (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)


def test_mirroring_moves_image_and_target_alike():
    image = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).float()
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(64):
        mirrored, target = random_mirror(rng, image, image)
        assert torch.equal(mirrored, target)
        seen.add(tuple(mirrored.flatten().tolist()))
    assert len(seen) == 8  # every combination of three axes


def test_intensity_leaves_the_outside_zero():
    image = torch.zeros(4, 8, 8, 8)
    image[:, 2:6, 2:6, 2:6] = torch.randn(4, 4, 4, 4)
    for seed in range(10):
        changed = random_intensity(np.random.default_rng(seed), image)
        assert not changed[image == 0].any()
        assert torch.isfinite(changed).all()


def test_absence_leaves_a_sufficient_sequence():
    image = torch.ones(4, 2, 2, 2)
    rng, counts = np.random.default_rng(0), np.zeros(4)
    for _ in range(400):
        present = random_absence(rng, image, CHANNELS, share=1.0).flatten(1).any(1)
        assert any(present[CHANNELS.index(sequence)] for sequence in SUFFICIENT)
        counts += present.numpy()
    assert (counts > 100).all()
    assert (counts < 380).all()


def test_no_absence_without_a_share():
    image = torch.ones(4, 2, 2, 2)
    assert torch.equal(random_absence(np.random.default_rng(0), image, CHANNELS, share=0.0), image)


def test_surroundings_leave_brain_and_air():
    rng = np.random.default_rng(0)
    image = rng.uniform(0.2, 1.0, (20, 20, 20)).astype(np.float32)
    image[:3] = 0.0
    brain = np.zeros(image.shape, bool)
    brain[8:14, 8:14, 8:14] = True
    changed = random_surroundings(np.random.default_rng(1), image, brain, share=1.0)
    assert np.array_equal(changed[brain], image[brain])
    assert not changed[:3].any()
    assert (changed != image)[~brain].mean() > 0.1


def test_brain_masks_wander_but_not_far():
    axes = np.ogrid[:48, :56, :44]
    brain = sum(((axis - size / 2) / (size / 3)) ** 2 for axis, size in zip(axes, (48, 56, 44), strict=True)) < 1
    rng = np.random.default_rng(0)
    masks = [random_brain_mask(rng, brain, 3.0) for _ in range(12)]
    shares = [mask.sum() / brain.sum() for mask in masks]
    assert min(shares) < 1 < max(shares)  # some cut into the brain, others go beyond it
    from scipy.ndimage import distance_transform_edt

    outside_mm = 3.0 * distance_transform_edt(~brain)
    assert all(outside_mm[mask].max() < 2 * LARGEST_SLIP_MM + 8 for mask in masks)
    assert all((mask & brain).sum() > 0.6 * brain.sum() for mask in masks)
