"""What a prediction of `oncontour segment` says of its own quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oncontour.core.errors import InputError
from oncontour.data.files import read_json
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.pairs import MEASUREMENTS, Pair, beside


@dataclass(frozen=True)
class Told:
    """What was said of one region of one case, and what is true.

    Args:
        case, region: names.
        volume_ml, true_ml: predicted and true volume.
        interval_ml: of the true volume; None where none was given.
        level: its probability.
        predicted_dice: None where none was given.
        dice: with the reference.
    """

    case: str
    region: str
    volume_ml: float
    true_ml: float
    interval_ml: tuple[float, float] | None
    level: float
    predicted_dice: float | None
    dice: float

    @property
    def covered(self) -> bool | None:
        """Whether the true volume lies in the interval; None without interval, or where nothing is there to cover."""
        if self.interval_ml is None or not self.true_ml:
            return None
        return self.interval_ml[0] <= self.true_ml <= self.interval_ml[1]


def read_told(pair: Pair, scored: Mapping[tuple[str, str], RegionScore]) -> list[Told]:
    """What a case's measurements.json says of each region that was scored; nothing where there is none.

    Args:
        pair: of the case.
        scored: (case, region) -> what it scores.

    Raises:
        InputError: a file that cannot be used.
    """
    path = beside(pair.prediction.path, MEASUREMENTS) if pair.prediction else None
    if path is None:
        return []
    content = read_json(path)
    try:
        return [
            _one(pair.case, region, scored[pair.case, region["name"]])
            for region in content["regions"]
            if (pair.case, region["name"]) in scored
        ]
    except (KeyError, TypeError, ValueError) as error:
        found = f"a file that cannot be used ({type(error).__name__})"
        raise InputError(path, found, "what `oncontour segment` writes", "Segment the case again.") from error


def _one(case: str, region: Mapping[str, Any], score: RegionScore) -> Told:
    sure = region["certainty"] or {}
    interval = sure.get("interval_ml")
    return Told(
        case,
        score.region,
        float(region["volume_ml"]),
        score.volume_ref_ml,
        (float(interval[0]), float(interval[1])) if interval else None,
        float(sure.get("level", "nan")),
        None if sure.get("predicted_dice") is None else float(sure["predicted_dice"]),
        score.dice,
    )
