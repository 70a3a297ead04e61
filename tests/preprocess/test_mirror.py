"""A flipped sequence is found; a correct one is not accused."""

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.box import dilated
from oncontour.preprocess.mirror import UNDECIDED, midsagittal_reflection, mirror_check, side_score
from oncontour.preprocess.pyramid import pyramid
from oncontour.preprocess.register import register
from oncontour.preprocess.rigid import rigid


def scores(reference: Volume, image: Volume, brain: Volume) -> tuple[float, float]:
    """Of the image as it is, and flipped left to right within its array and registered as a pipeline would."""
    region = dilated(brain, 6.0)
    fixed = pyramid(reference)
    partner = midsagittal_reflection(fixed, brain, region)
    found = []
    lateral = "".join(image.grid.axis_codes).translate(str.maketrans("LA", "RP")).index("R")
    for array in (image.array, np.flip(image.array, axis=lateral)):
        moving = pyramid(Volume(array, image.affine))
        upright = register(fixed, moving, region)
        found.append(side_score(fixed, moving, upright.transform, partner, brain, region))
    return found[0], found[1]


def test_a_flipped_sequence_of_a_tilted_head_is_found(head):
    volumes, brain = head
    tilt = rigid(np.radians((0.0, 12.0, 9.0)), (3.0, 0.0, 5.0))
    tilted = {s: Volume(v.array, tilt @ v.affine) for s, v in volumes.items()}
    right, wrong = scores(tilted[Sequence.T1CE], tilted[Sequence.T2], Volume(brain.array, tilt @ brain.affine))
    assert right > 0.2
    assert wrong < -0.2


@pytest.mark.parametrize(("score", "verdict"), [(0.3, "ok"), (0.01, "warn"), (-0.01, "warn"), (-0.3, "fail")])
def test_verdicts(score, verdict):
    check = mirror_check(Sequence.FLAIR, score)
    assert check.verdict == verdict
    assert check.value == score


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "reference", "pattern"),
    [
        ("glioma-00000", "*t1c*", "*t2f*"),
        ("glioma-00000", "*t1c*", "*t1n*"),
        ("metastasis-aurora", "t1c*", "t2*"),
        ("lgg-fg6692-native", "*_t1c.*", "*_fla.*"),
    ],
)
def test_a_flipped_sequence_of_a_real_study_is_found(folder, reference, pattern, shared, load):
    fixed = load(next(shared(folder).glob(reference)))
    mask = next(shared(folder).glob("brainmask*"), None)
    brain = load(mask) if mask else fixed
    right, wrong = scores(fixed, load(next(shared(folder).glob(pattern))), Volume(brain.array > 0, brain.affine))
    assert right > 2 * UNDECIDED
    assert wrong < -2 * UNDECIDED
