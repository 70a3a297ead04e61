"""Checks of results, on a ball of a brain with a ball of a tumour."""

import dataclasses

import numpy as np
import pytest

from oncontour.core.checks import Check
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.calibration import Calibration, Misses, RegionCalibration
from oncontour.measure.certainty import Certainty
from oncontour.measure.checks import (
    calibration_checks,
    contrast_check,
    cyst_check,
    depth_mm,
    dice_checks,
    edge_check,
    fluid_check,
    foci_check,
    found_check,
    purpose_check,
)
from oncontour.measure.regions import RegionMeasurement

SHAPE = (70, 70, 70)
MIDDLE = (35, 35, 35)


def ball(radius, centre=MIDDLE):
    return np.linalg.norm(np.indices(SHAPE) - np.reshape(centre, (3, 1, 1, 1)), axis=0) <= radius


BRAIN = Volume(ball(32), np.eye(4))
DEPTH = depth_mm(BRAIN)
TUMOUR = ball(10)


def image(**spots):
    """Tissue of 100 with some noise, brighter near the surface; each spot has a mask and its own level."""
    array = np.random.default_rng(0).normal(100, 2, SHAPE).astype(np.float32)
    array[~ball(29)] += 40
    for mask, level in spots.values():
        array[mask] = level
    return Volume(array * BRAIN.array, np.eye(4))


def measured(volume_ml, dice=None):
    sure = Certainty(None, dice, 0.05, Misses())
    return RegionMeasurement("WT", "whole tumour", volume_ml, 1.0, 1, None, None, 10.0, certainty=sure)


CALIBRATION = Calibration(
    cohort="phantom cases", cases=20, seeds=None, sha256="0", oncontour="1", sequences={"T1CE FLAIR": 9, "T2": 2},
    regions={
        "WT": RegionCalibration(
            misses=Misses(present=20, missed=1, largest_missed_ml=0.3), volume=None, dice=None, range_ml=(2.0, 90.0)
        )
    },
)  # fmt: skip


@pytest.mark.parametrize(
    ("ml", "verdict", "words"),
    [
        (0.0, "warn", "of 20 held-out tumours 1 were missed, the largest of 0.3 mL"),
        (0.4, "warn", "Only 0.4 mL"),
        (30.0, "ok", "30.0 mL"),
    ],
)
def test_nothing_and_little_are_said(ml, verdict, words):
    check = found_check(ml, CALIBRATION, "WT")
    assert check.verdict == verdict
    assert words in check.message
    assert "does not prove" in found_check(0.0, None, "WT").message


def test_a_low_predicted_dice_is_said_of_its_region():
    verdicts = [dice_checks([measured(5.0, dice)])[0].verdict for dice in (0.85, 0.55, 0.2)]
    assert verdicts == ["ok", "warn", "fail"]
    assert dice_checks([measured(5.0)]) == []
    assert dice_checks([dataclasses.replace(measured(5.0), certainty=None)]) == []


def test_foci_are_counted_as_the_network_saw_them():
    places = [(20, 35, 35), (50, 35, 35), (35, 20, 35), (35, 50, 35)]
    chance = np.zeros(SHAPE)
    for place in places:
        chance[ball(3.5, place)] = 0.95
    chance[ball(3.5, (35, 35, 20))] = 0.6  # never sure
    chance[35, 35, 50] = 0.95  # a speck
    four = foci_check(Volume(chance, np.eye(4)), 0.3, 0.9)
    assert (four.value, four.verdict) == (4, "warn")
    two = foci_check(Volume(chance * (np.indices(SHAPE)[1] == 35), np.eye(4)), 0.3, 0.9)
    assert two.value == 0  # a slice of each is too small
    one = foci_check(Volume(TUMOUR * 0.95, np.eye(4)), 0.3, 0.9)
    assert (one.value, one.verdict, one.message) == (1, "ok", "One focus.")


def test_a_rim_of_the_brain_mask_is_told_from_a_tumour():
    assert edge_check(TUMOUR, DEPTH).value == 0
    rim = BRAIN.array & ~ball(30)
    check = edge_check(rim & (np.indices(SHAPE)[0] > 40), DEPTH)
    assert check.verdict == "warn"
    assert check.value > 0.9


def test_a_cavity_in_the_mask_or_left_out_by_it_is_fluid():
    cavity = ball(7)
    images = {Sequence.T1CE: image(a=(cavity, 40)), Sequence.FLAIR: image(a=(cavity, 40))}
    inside = fluid_check(TUMOUR, images, BRAIN)
    around = fluid_check(TUMOUR & ~cavity, images, BRAIN)
    for check in (inside, around):
        assert check.verdict == "warn"
        assert check.value == pytest.approx(cavity.sum() / 1000, abs=0.05)
    elsewhere = fluid_check(ball(8, (55, 35, 35)), images, BRAIN)
    assert (elsewhere.value, elsewhere.verdict) == (0.0, "ok")


def test_necrosis_that_is_bright_on_flair_is_no_fluid():
    images = {Sequence.T1CE: image(a=(ball(7), 40)), Sequence.FLAIR: image(a=(ball(7), 140))}
    assert fluid_check(TUMOUR, images, BRAIN).verdict == "ok"
    assert fluid_check(TUMOUR, {Sequence.FLAIR: images[Sequence.FLAIR]}, BRAIN) is None


def test_a_core_that_is_mostly_cyst_is_said():
    images = {Sequence.T1: image(a=(ball(9), 40))}
    assert cyst_check(TUMOUR, images, BRAIN).verdict == "warn"
    assert cyst_check(TUMOUR, {Sequence.T1: image(a=(ball(6), 40))}, BRAIN).verdict == "ok"
    assert cyst_check(np.zeros(SHAPE, bool), images, BRAIN) is None


def test_contrast_shows_in_vessels_or_tumour():
    vessel = np.zeros(SHAPE, bool)
    vessel[20:50, 34:37, 45:47] = True
    for bright in (vessel, TUMOUR):
        assert contrast_check(image(a=(bright, 300)), DEPTH).verdict == "ok"
    assert contrast_check(image(), DEPTH).verdict == "warn"
    assert contrast_check(image(), depth_mm(Volume(ball(12), np.eye(4)))) is None


def test_cases_unlike_those_held_out_are_said():
    alike, volume = calibration_checks(CALIBRATION, [Sequence.FLAIR, Sequence.T1CE], [measured(30.0)])
    assert (alike.value, alike.verdict, volume.verdict) == (9, "ok", "ok")
    assert calibration_checks(CALIBRATION, [Sequence.FLAIR, Sequence.T1CE, Sequence.T2], [])[0].value == 11
    alike, volume = calibration_checks(CALIBRATION, [Sequence.T2], [measured(130.0)])
    assert (alike.value, alike.verdict, volume.verdict) == (2, "warn", "warn")
    assert len(calibration_checks(CALIBRATION, [Sequence.T2], [measured(0.0)])) == 1


def test_the_card_speaks_where_a_check_doubts():
    doubt = Check("separate foci", "warn", 4, "", "", "")
    said = purpose_check([doubt], "Gliomas before surgery.")
    assert said.verdict == "warn"
    assert "separate foci" in said.message
    assert said.message.endswith("Gliomas before surgery.")
    assert purpose_check([], "Gliomas before surgery.").verdict == "ok"
