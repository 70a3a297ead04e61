"""Which data are skull-stripped already, and the brain that their background shows."""

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.stripped import detect_stripped

STRIPPED = {
    "glioma-00000": ("*t1c*", "*t1n*", "*t2W*", "*t2f*"),
    "glioma-00001-algorithm-masks": ("*t1c*", "*t1n*", "*t2w*", "*t2f*"),
    "metastasis-aurora": ("t1c*", "t1.*", "t2*", "flair*"),
    "lgg-fg6692-registered": ("*_t1c_*", "*_t1_*", "*_t2_*", "*_fla_*"),
    **{f"brats2015-t1ce-flair/pat000{n}": ("T1c*", "Flair*") for n in range(2, 7)},
    **{f"brats2018-t1-flair/case_{n}": ("T1.*", "FLAIR*") for n in range(5)},
}
ORDER = (Sequence.T1CE, Sequence.T1, Sequence.T2, Sequence.FLAIR)


def stripped(head, background: float) -> tuple[dict[Sequence, Volume], Volume]:
    volumes, brain = head
    outside = ~brain.array
    out = {}
    for sequence, volume in volumes.items():
        array = volume.array + 1.0 if background == 0 else (volume.array - 80.0) / 30.0
        array[outside] = background
        out[sequence] = volume.with_array(array)
    return out, brain


@pytest.mark.parametrize("background", [0.0, -3.25])
def test_a_constant_background_shows_the_brain(head, background):
    volumes, brain = stripped(head, background)
    found = detect_stripped(volumes, Sequence.T1CE)
    assert found.found, found.reason
    assert found.background[Sequence.T2] == background
    np.testing.assert_array_equal(found.brain.array, brain.array)


def test_holes_are_filled_specks_dropped_and_the_majority_decides(head):
    volumes, brain = stripped(head, 0.0)
    array = volumes[Sequence.T1].array
    array[50, 57, 50] = 0
    array[2, 2, 2] = 99
    volumes[Sequence.T2].array[60:, :, :] = 0  # one sequence shows only a part
    found = detect_stripped(volumes, Sequence.T1CE)
    assert found.found, found.reason
    np.testing.assert_array_equal(found.brain.array, brain.array)


def test_a_head_in_air_of_zero_is_not_stripped(head):
    volumes, _ = head
    volumes = {s: v.with_array(np.where(v.array < 8, 0, v.array)) for s, v in volumes.items()}
    found = detect_stripped(volumes, Sequence.T1CE)
    assert not found.found
    assert "mL" in found.reason


@pytest.mark.shared
@pytest.mark.parametrize("folder", STRIPPED)
def test_every_stripped_study_is_recognised(folder, shared, load):
    patterns = STRIPPED[folder]
    names = ORDER if len(patterns) == 4 else (Sequence.T1CE, Sequence.FLAIR)
    volumes = {s: load(next(iter(shared(folder).glob(p)))) for s, p in zip(names, patterns, strict=True)}
    found = detect_stripped(volumes, Sequence.T1CE)
    assert found.found, found.reason
    assert 900 < found.brain.array.sum() / 1000 < 1900
    if folder.startswith("brats2015"):
        mask = load(shared(folder, "brainmask.nii.gz")).array > 0
        assert (mask ^ found.brain.array).sum() < 0.01 * mask.sum()


@pytest.mark.shared
def test_unstripped_heads_are_recognised(shared, load):
    folder = shared("lgg-fg6692-native")
    volumes = {
        s: load(next(iter(folder.glob(p))))
        for s, p in zip(ORDER, ("*t1c.*", "*_t1.*", "*_t2.*", "*_fla.*"), strict=True)
    }
    assert not detect_stripped(volumes, Sequence.T1CE).found
    template = load(shared("templates", "brats_mni152_t1_1mm_unstripped.nii.gz"))
    assert not detect_stripped({Sequence.T1: template}, Sequence.T1).found
