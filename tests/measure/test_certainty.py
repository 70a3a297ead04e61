import pytest

from oncontour.inference.calibration import Calibration, DiceModel, Misses, RegionCalibration, VolumeErrors
from oncontour.measure.certainty import NOT_CALIBRATED, certainty, certainty_note
from oncontour.measure.interval import interval, largest_error
from oncontour.measure.predicted_dice import Signs

MISSES = Misses(present=20, missed=2, largest_missed_ml=0.42)
WT = RegionCalibration(
    misses=MISSES,
    volume=VolumeErrors(cases=18, bias=0.0, spread=0.2),
    dice=DiceModel(cases=18, intercept=0, expected=1, agreement=0, volume=0, error=0.06),
    range_ml=(1.0, 90.0),
)
CALIBRATION = Calibration(
    cohort="phantom cases", cases=20, seeds=(1, 20), sha256="0", oncontour="1", sequences={"T1CE FLAIR": 20},
    regions={"WT": WT, "ET": RegionCalibration(misses=Misses(), volume=None, dice=None, range_ml=None)},
)  # fmt: skip


def test_a_found_region_has_an_interval_and_a_predicted_dice():
    found = certainty(CALIBRATION, "WT", 10.0, Signs(0.8, 0.9, 10.0, contrast=True))
    assert found.interval.low < 10 < found.interval.high
    assert (found.dice, found.dice_error) == pytest.approx((0.8, 0.06))


def test_the_interval_of_a_good_segmentation_is_narrower():
    scaled = VolumeErrors(cases=18, bias=0.1, spread=0.5)
    learned = CALIBRATION.model_copy(update={"regions": {"WT": WT.model_copy(update={"scaled": scaled})}})
    widths = []
    for expected in (0.9, 0.8, 0.5):
        found = certainty(learned, "WT", 10.0, Signs(expected, 0.9, 10.0, contrast=True)).interval
        expected_interval = interval(10.0, scaled, float(largest_error(expected)))
        assert (found.low, found.high) == pytest.approx((expected_interval.low, expected_interval.high))
        widths.append(found.high / found.low)
    assert 1.3 < widths[0] < widths[1] < widths[2]
    assert certainty(learned, "WT", 10.0, None).interval == interval(10.0, WT.volume)


def test_without_signs_the_interval_is_there_alone():
    found = certainty(CALIBRATION, "WT", 10.0, None)
    assert found.interval is not None
    assert found.dice is found.dice_error is None


def test_an_empty_region_has_a_miss_rate_alone():
    found = certainty(CALIBRATION, "WT", 0.0, None)
    assert (found.interval, found.dice, found.misses) == (None, None, MISSES)


def test_the_note_says_what_no_interval_covers():
    note = certainty_note(CALIBRATION)
    assert "learned on 20 held-out cases (phantom cases)" in note
    assert "WT 2 of 20 (at most 0.42 mL)." in note
    assert "ET" not in note  # no held-out case had it
    assert certainty_note(None) == NOT_CALIBRATED


def test_what_was_not_learned_is_not_told():
    assert certainty(CALIBRATION, "TC", 10.0, None) is None
    found = certainty(CALIBRATION, "ET", 3.0, Signs(0.8, 0.9, 3.0, contrast=True))
    assert (found.interval, found.dice) == (None, None)
