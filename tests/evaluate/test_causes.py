"""Each cause has its criterion, and its sentence the number that met it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oncontour.core.sequence import Sequence
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.causes import FLUID_SHARE, RULES, SMALL_ML, THICK_MM, suggested_causes
from oncontour.evaluate.evidence import Evidence, Fluid

NOTHING = float("nan")

SCORE = RegionScore(
    case="a", region="WT", dice=0.3, jaccard=0.2, sensitivity=0.3, specificity=1, precision=0.3, hd95=20, assd=8,
    volume_pred_ml=18.0, volume_ref_ml=20.0, rvd=-0.1, lesion_dice=0.3, lesion_hd95=20, ref_empty=False,
    pred_empty=False, hd95_pooled=18, hd95_brats2023=20, surface_dice=0.2, lesion_tp=1, lesion_fp=0, lesion_fn=0,
    panoptic_quality=0, recognition_quality=0, voxels_common=3, voxels_pred=9, voxels_ref=10, prediction_missing=False,
)  # fmt: skip

PLAIN = Evidence(SCORE, mirrored_dice=0.1, shifted_dice=0.35, shift_mm=4, spacing_mm=1, fluid=None, missing=())
"""A failure that no rule explains."""


def scored(**fields: object) -> Evidence:
    return replace(PLAIN, score=replace(SCORE, **fields))


def nothing_to_move(**fields: object) -> Evidence:
    return replace(scored(dice=0.0, **fields), mirrored_dice=NOTHING, shifted_dice=NOTHING)


@pytest.mark.parametrize(
    ("name", "evidence", "number"),
    [
        ("prediction empty", nothing_to_move(volume_pred_ml=0.0, pred_empty=True), "20 mL"),
        ("prediction missing", nothing_to_move(pred_empty=True, prediction_missing=True), "20 mL"),
        ("reference empty", nothing_to_move(ref_empty=True, volume_ref_ml=0.0), "18 mL"),
        ("wrong side", replace(PLAIN, mirrored_dice=0.91, shifted_dice=0.8), "0.91 instead of 0.30"),
        ("shifted", replace(PLAIN, mirrored_dice=0.6, shifted_dice=0.88, shift_mm=12.4), "12 mm"),
        ("missing sequence", replace(PLAIN, missing=(Sequence.T2, Sequence.FLAIR)), "T2, FLAIR"),
        ("small", scored(volume_ref_ml=0.42, volume_pred_ml=0.4), "0.42 mL"),
        ("cystic", replace(PLAIN, fluid=Fluid(0.62, "labelled as cyst")), "62 % of the tumour core are labelled"),
        ("multifocal", scored(lesion_tp=2, lesion_fn=1), "3 separate lesions, of which 1 were missed"),
        ("under-segmented", scored(volume_pred_ml=4.0), "0.20 times"),
        ("over-segmented", scored(volume_pred_ml=60.0), "3.00 times"),
        ("thick slices", replace(PLAIN, spacing_mm=5.0), "5 mm"),
    ],
)
def test_a_rule_that_is_met_says_its_number(name, evidence, number):
    found = {cause.name: cause.words for cause in suggested_causes(evidence)}
    assert number in found[name]
    assert set(found) == {name}


def test_every_rule_is_tried_above():
    marks = test_a_rule_that_is_met_says_its_number.pytestmark
    assert {row[0] for row in marks[0].args[1]} == set(RULES)


@pytest.mark.parametrize(
    "evidence",
    [
        PLAIN,
        replace(PLAIN, mirrored_dice=NOTHING, shifted_dice=NOTHING),
        scored(volume_ref_ml=SMALL_ML),
        replace(PLAIN, fluid=Fluid(FLUID_SHARE - 0.01, "labelled as cyst"), spacing_mm=THICK_MM - 0.1),
    ],
)
def test_short_of_its_criterion_no_rule_speaks(evidence):
    names = {cause.name for cause in suggested_causes(evidence)}
    assert names <= ({"over-segmented"} if evidence.score.volume_ref_ml == SMALL_ML else set())


def test_the_better_of_mirror_and_shift_is_told_alone():
    both = replace(PLAIN, mirrored_dice=0.7, shifted_dice=0.9)
    assert [cause.name for cause in suggested_causes(both)] == ["shifted"]
    assert [c.name for c in suggested_causes(replace(both, mirrored_dice=0.9, shifted_dice=0.7))] == ["wrong side"]


def test_a_cause_that_explains_all_stands_alone():
    small = replace(nothing_to_move(prediction_missing=True, pred_empty=True, volume_ref_ml=0.4), spacing_mm=5.0)
    assert [cause.name for cause in suggested_causes(small)] == ["prediction missing"]
    several = replace(nothing_to_move(pred_empty=True, volume_pred_ml=0.0, volume_ref_ml=0.4), spacing_mm=5.0)
    assert [cause.name for cause in suggested_causes(several)] == ["prediction empty", "small", "thick slices"]
