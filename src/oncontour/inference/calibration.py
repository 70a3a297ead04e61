"""How far a bundle's figures can be trusted, learned on held-out cases: `calibration.yaml`, data alone.

`oncontour bundle calibrate` makes it; `oncontour.measure.certainty` reads it. The formulas stand in
`oncontour.measure.interval` and `oncontour.measure.predicted_dice`.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from oncontour.core.errors import BundleError
from oncontour.data.files import write_whole
from oncontour.plans.fields import Count, Frozen, Share

FILE = "calibration.yaml"


class VolumeErrors(Frozen):
    """log(predicted / true volume) over held-out cases where both are positive; see `RegionCalibration` for its unit.

    Args:
        cases: how many.
        bias: mean.
        spread: standard deviation (ddof 1).
    """

    cases: int = Field(ge=2)
    bias: float
    spread: float = Field(ge=0)


class DiceModel(Frozen):
    """Logit of the predicted Dice: intercept + expected * logit(expected Dice) + agreement * logit(agreement) + volume
    * log(mL) + contrast * (1 with a T1CE, else 0); no coefficient but the intercept is negative.

    Args:
        cases: that it was fitted on.
        error: mean absolute error of the predicted Dice, each case left out in turn.
    """

    cases: Count
    intercept: float
    expected: float = Field(ge=0)
    agreement: float = Field(ge=0)
    volume: float = Field(ge=0)
    contrast: float = Field(default=0.0, ge=0)
    error: Share


class Misses(Frozen):
    """Cases that no interval of a positive volume tells of.

    Args:
        present: held-out cases whose reference has the region.
        missed: of these, how many predictions were empty.
        largest_missed_ml: the largest reference among the missed, mL.
        absent: held-out cases whose reference lacks the region.
        invented: of these, how many predictions were not empty.
    """

    present: int = Field(default=0, ge=0)
    missed: int = Field(default=0, ge=0)
    largest_missed_ml: float = Field(default=0.0, ge=0)
    absent: int = Field(default=0, ge=0)
    invented: int = Field(default=0, ge=0)


class RegionCalibration(Frozen):
    """What was learned of one region; None: too few held-out cases.

    Args:
        volume: errors of the volume, for whom no Dice is predicted.
        scaled: errors of the volume as shares of the largest that the predicted Dice allows (`measure.interval`).
        range_ml: smallest and largest predicted volume that it was learned on; None: none was found.
    """

    misses: Misses
    volume: VolumeErrors | None
    scaled: VolumeErrors | None = None
    dice: DiceModel | None
    range_ml: tuple[float, float] | None


class Calibration(Frozen):
    """Held-out cases of one bundle, and what they taught.

    Args:
        cohort: what they were, in words.
        cases: how many.
        seeds: first and last, of phantom cases.
        sha256: digest of the data set (`data.datasets.dataset.Dataset.digest`).
        oncontour: version that predicted them.
        sequences: how many cases had which sequences, such as "T1CE FLAIR".
        regions: by name.
    """

    cohort: str
    cases: Count
    seeds: tuple[int, int] | None
    sha256: str
    oncontour: str
    sequences: dict[str, Count]
    regions: dict[str, RegionCalibration]


def load_calibration(path: Path) -> Calibration:
    """Read a `calibration.yaml`.

    Raises:
        BundleError: not one.
    """
    try:
        return Calibration.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        found = f"no readable calibration ({type(error).__name__})"
        remedy = "Run `oncontour bundle calibrate` again."
        raise BundleError(path, found, "what `oncontour bundle calibrate` writes", remedy) from error


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write a `calibration.yaml`; `load_calibration` gives the same."""
    text = yaml.safe_dump(calibration.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_whole(path, lambda part: part.write_text(text, "utf-8"))
