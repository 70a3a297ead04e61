"""Why a case may have failed: small rules, each with its criterion and, in its sentence, the number that met it.

A suggestion, no diagnosis. Tumours next to the ventricles, which paper 001 names among its failures, are not looked
for: no mask tells where the ventricles are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oncontour.evaluate.evidence import Evidence

MUCH = 0.2
"""A gain in Dice that tells: mirrored or moved, the prediction fits better by as much."""

SMALL_ML = 1.0
"""Below this a rim of one voxel decides about Dice."""

FLUID_SHARE = 1 / 3
"""Share of the core from which a tumour counts as cystic."""

RATIO = 2.0
"""Volumes that differ by this factor or more."""

THICK_MM = 3.0
"""Distance of slices from which images count as thick."""

Rule = Callable[[Evidence], str | None]


@dataclass(frozen=True)
class Cause:
    """A suggested cause.

    Args:
        name: a word or two, the same for all cases.
        words: the sentence with the measured number.
    """

    name: str
    words: str


def suggested_causes(evidence: Evidence) -> tuple[Cause, ...]:
    """The causes whose rules are met, most telling first; one that explains all stands alone."""
    found = tuple(Cause(name, words) for name, rule in RULES.items() if (words := rule(evidence)))
    alone = [cause for cause in found if cause.name in SUFFICIENT]
    return tuple(alone[:1]) or found


def missing_prediction(evidence: Evidence) -> str | None:
    """There is no prediction."""
    if not evidence.score.prediction_missing:
        return None
    return f"There is no prediction: {_ml(evidence.score.volume_ref_ml)} count as missed."


def empty_reference(evidence: Evidence) -> str | None:
    """Something was found where the reference has nothing."""
    score = evidence.score
    if not score.ref_empty or score.pred_empty:
        return None
    return f"A false alarm: {_ml(score.volume_pred_ml)} were predicted, the reference has none."


def empty_prediction(evidence: Evidence) -> str | None:
    """Nothing was found."""
    return f"Nothing was found of {_ml(evidence.score.volume_ref_ml)}." if evidence.score.pred_empty else None


def wrong_side(evidence: Evidence) -> str | None:
    """Mirrored left to right the prediction fits better by `MUCH`, and better than moved."""
    dice = evidence.mirrored_dice
    if not dice >= max(evidence.score.dice + MUCH, evidence.shifted_dice):
        return None
    return f"Mirrored left to right, the prediction has Dice {dice:.2f} instead of {evidence.score.dice:.2f}."


def shifted(evidence: Evidence) -> str | None:
    """Moved as it is the prediction fits better by `MUCH`, and better than mirrored."""
    dice = evidence.shifted_dice
    if not (dice >= evidence.score.dice + MUCH and dice > evidence.mirrored_dice):
        return None
    return (
        f"Moved by {evidence.shift_mm:.0f} mm, the prediction has Dice {dice:.2f} instead of {evidence.score.dice:.2f}."
    )


def missing_sequence(evidence: Evidence) -> str | None:
    """The case lacks a sequence that others have, or that the model expects."""
    return f"It lacks {', '.join(evidence.missing)}." if evidence.missing else None


def small(evidence: Evidence) -> str | None:
    """The reference has less than `SMALL_ML`."""
    volume = evidence.score.volume_ref_ml
    return f"The reference has {_ml(volume)}, less than {SMALL_ML:g} mL." if 0 < volume < SMALL_ML else None


def cystic(evidence: Evidence) -> str | None:
    """A third of the core or more is fluid."""
    fluid = evidence.fluid
    if fluid is None or fluid.share < FLUID_SHARE:
        return None
    return f"{100 * fluid.share:.0f} % of the tumour core are {fluid.told_by}."


def multifocal(evidence: Evidence) -> str | None:
    """The reference has several lesions, by the lesion-wise rules."""
    count = evidence.score.lesion_tp + evidence.score.lesion_fn
    missed = f", of which {evidence.score.lesion_fn} were missed" if evidence.score.lesion_fn else ""
    return f"The reference has {count} separate lesions{missed}." if count > 1 else None


def too_little(evidence: Evidence) -> str | None:
    """Less than half of the volume was predicted, but not nothing."""
    score = evidence.score
    if score.pred_empty or score.volume_pred_ml * RATIO > score.volume_ref_ml:
        return None
    return _volumes(evidence)


def too_much(evidence: Evidence) -> str | None:
    """Twice the volume or more was predicted."""
    score = evidence.score
    if score.ref_empty or score.volume_pred_ml < RATIO * score.volume_ref_ml:
        return None
    return _volumes(evidence)


def thick_slices(evidence: Evidence) -> str | None:
    """Slices lie `THICK_MM` apart or more."""
    return f"Slices are {evidence.spacing_mm:.3g} mm apart." if evidence.spacing_mm >= THICK_MM else None


RULES: Mapping[str, Rule] = {
    "prediction missing": missing_prediction,
    "reference empty": empty_reference,
    "prediction empty": empty_prediction,
    "wrong side": wrong_side,
    "shifted": shifted,
    "missing sequence": missing_sequence,
    "small": small,
    "cystic": cystic,
    "multifocal": multifocal,
    "under-segmented": too_little,
    "over-segmented": too_much,
    "thick slices": thick_slices,
}
"""Most telling first."""

SUFFICIENT = ("prediction missing", "reference empty")
"""Causes beside which no other needs to be named."""


def _volumes(evidence: Evidence) -> str:
    found, truth = evidence.score.volume_pred_ml, evidence.score.volume_ref_ml
    return f"{_ml(found)} were predicted of {_ml(truth)}, {found / truth:.2f} times as much."


def _ml(volume: float) -> str:
    return f"{volume:.3g} mL"
