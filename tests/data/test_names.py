"""The words of file names."""

from __future__ import annotations

import pytest

from oncontour.core.sequence import Sequence
from oncontour.data.names import DOUBTFUL, read_name

T1, T1CE, T2, FLAIR, ADC = Sequence


@pytest.mark.parametrize(
    ("name", "sequence"),
    [
        ("BraTS20_Training_001_t1", T1),
        ("BraTS20_Training_001_t1ce", T1CE),
        ("BraTS20_Training_001_t2", T2),
        ("BraTS20_Training_001_flair", FLAIR),
        ("BraTS-GLI-00000-000-t1n", T1),
        ("BraTS-GLI-00000-000-t1c", T1CE),
        ("BraTS-GLI-00000-000-t2W", T2),
        ("BraTS-GLI-00000-000-t2f", FLAIR),
        ("T1", T1),
        ("T1c", T1CE),
        ("t1gd", T1CE),
        ("T1post", T1CE),
        ("FLAIR", FLAIR),
        ("fla", FLAIR),
        ("ADC", ADC),
        ("dwi_ADC_map", ADC),
        ("T1_POST_GAD", T1CE),
        ("t1_c", T1CE),
        ("t1 + c", T1CE),
        ("gad_t1", T1CE),
        ("sub-01_ce-gadolinium_T1w", T1CE),
        ("t1_pre_contrast", T1),
        ("post_t1", T1),
        ("c_t1", T1),
        ("ax_t2_flair", FLAIR),
        ("FLAIR_T2", FLAIR),
        ("t1_flair", T1),
        ("flair_to_t1c", FLAIR),
        ("sub-01_space-T1w_FLAIR", FLAIR),
        ("t2_star", None),
        ("T1_map", None),
        ("t2_perfusion", None),
        ("dwi", None),
        ("head", None),
        ("", None),
    ],
)
def test_what_a_name_says(name, sequence):
    reading = read_name(name)
    assert reading.sequence is sequence
    assert not reading.mask


@pytest.mark.parametrize(
    "name",
    ["seg", "case-seg", "GT_W", "OTMultiClass", "brainmask", "brainmask_t1c_bet", "t1_brain_mask", "t1ce_label",
     "seg-bratstoolkit_isen", "001_ground_truth", "training_seg_01", "flair_lesion", "segmentation", "t1_pred"],
)  # fmt: skip
def test_masks_are_never_an_image(name):
    reading = read_name(name)
    assert reading.mask
    assert reading.sequence is None


def test_a_name_of_two_minds_is_doubted_and_says_why():
    reading = read_name("T2_patient_flair")
    assert (reading.sequence, reading.confidence) == (FLAIR, DOUBTFUL)
    assert reading.reason == 'the name holds "flair" behind "t2": the last word counts'
