"""How sure each measured region is, by what held-out cases taught."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from oncontour.core.sequence import Sequence
from oncontour.inference.calibration import Calibration, Misses, RegionCalibration
from oncontour.measure.interval import LEVEL, Interval, interval, largest_error
from oncontour.measure.predicted_dice import Signs, predict_dice

NOT_CALIBRATED = "No interval: the bundle was not calibrated."


@dataclass(frozen=True)
class Certainty:
    """How sure a region is. None: it is empty, or too few held-out cases had it.

    Args:
        interval: 95 % interval of the volume, given that the region is there and was found.
        dice: predicted Dice, 0 to 1; None also where the signs were not looked for.
        dice_error: its mean absolute error on held-out cases.
        misses: what the interval does not cover.
    """

    interval: Interval | None
    dice: float | None
    dice_error: float | None
    misses: Misses


def certainty(calibration: Calibration, region: str, volume_ml: float, signs: Signs | None) -> Certainty | None:
    """How sure one region is; None where held-out cases had no such region.

    Args:
        volume_ml: as measured; 0: nothing found.
        signs: None: none were looked for, or nothing was found.
    """
    learned = calibration.regions.get(region)
    if learned is None:
        return None
    if not volume_ml > 0:
        return Certainty(None, None, None, learned.misses)
    dice = predict_dice(learned.dice, signs) if learned.dice and signs else None
    return Certainty(
        interval=_interval(learned, volume_ml, dice),
        dice=dice,
        dice_error=learned.dice.error if learned.dice and signs else None,
        misses=learned.misses,
    )


def _interval(learned: RegionCalibration, volume_ml: float, dice: float | None) -> Interval | None:
    if dice is not None and learned.scaled:
        return interval(volume_ml, learned.scaled, float(largest_error(dice)))
    return interval(volume_ml, learned.volume) if learned.volume else None


def certainty_note(calibration: Calibration | None) -> str:
    """What stands below the table of volumes: on what intervals were learned, and what they do not cover."""
    if calibration is None:
        return NOT_CALIBRATED
    missed = [
        f"{name} {_share(region.misses)}" for name, region in calibration.regions.items() if region.misses.present
    ]
    return (
        f"{100 * LEVEL:.0f} % intervals and predicted Dice were learned on {calibration.cases} held-out cases "
        f"({calibration.cohort}); other tumours and scanners may differ. They do not cover what is missed altogether, "
        f"of the held-out cases: {', '.join(missed) or 'unknown'}."
    )


def _share(misses: Misses) -> str:
    largest = f" (at most {misses.largest_missed_ml:.2g} mL)" if misses.missed else ""
    return f"{misses.missed} of {misses.present}{largest}"


def missed_text(misses: Misses) -> str:
    """How often a tumour was missed, in words that follow a colon."""
    if not misses.present:
        return "no held-out case had one."
    if not misses.missed:
        return f"of {misses.present} held-out tumours none was missed."
    largest = f"the largest of {misses.largest_missed_ml:.2g} mL"
    return f"of {misses.present} held-out tumours {misses.missed} were missed, {largest}."


def sequences_key(sequences: Iterable[Sequence]) -> str:
    """How a calibration names a set of sequences.

    >>> sequences_key([Sequence.FLAIR, Sequence.T1CE])
    'T1CE FLAIR'
    """
    there = set(sequences)
    return " ".join(sequence for sequence in Sequence if sequence in there)
