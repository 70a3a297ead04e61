"""What figures are drawn of: values of the same cases by region and model, and pairs of measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.compare import Model
from oncontour.evaluate.proportions import Share, shares_of_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, object]
Drawn = tuple["Figure", list[Row]]
"""A figure, and its numbers: a row a mark, NaN where a value is undefined and so not drawn."""

Sample = Mapping[str, float]
"""Case -> value."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A region of the same cases, measured in a prediction and in its reference.

    Args:
        region, model, cohort: names; an empty one is not told.
        cases: names.
        pred, ref: (n,) of these cases, in one unit; NaN where a value is undefined.
    """

    region: str
    model: str
    cohort: str
    cases: tuple[str, ...]
    pred: NDArray[np.float64]
    ref: NDArray[np.float64]

    @property
    def defined(self) -> NDArray[np.bool_]:
        """(n,) whether a case has both values."""
        return np.isfinite(self.pred) & np.isfinite(self.ref)


def names_of(models: Iterable[Model]) -> list[str]:
    """Names of models, each once, in the order in which they first come."""
    return list(dict.fromkeys(model.name for model in models))


def regions_of(models: Iterable[Model]) -> list[str]:
    """Names of regions that any model has, in the order in which they first come."""
    return list(dict.fromkeys(region for model in models for region in model.scores))


def model_of(scores: Iterable[RegionScore], metric: str, name: str = "") -> Model:
    """A column of scores as a model, for example "dice" or "volume_ref_ml"."""
    columns: dict[str, dict[str, float]] = {}
    for score in scores:
        columns.setdefault(score.region, {})[score.case] = float(getattr(score, metric))
    return Model(name, columns)


def volumes_of(scores: Sequence[RegionScore], model: str = "", cohort: str = "") -> tuple[Measured, ...]:
    """Volumes in mL of each region."""
    pred, ref = (model_of(scores, column).scores for column in ("volume_pred_ml", "volume_ref_ml"))
    return tuple(
        Measured(region, model, cohort, tuple(ref[region]), _values(pred[region]), _values(ref[region]))
        for region in ref
    )


def shares_of(scores: Iterable[RegionScore], model: str = "", cohort: str = "") -> tuple[Measured, ...]:
    """Shares, 0 to 1, of the whole tumour of each subregion (paper 000: S0.20); none where a scheme has no such."""
    regions: dict[str, list[Share]] = {}
    for share in shares_of_whole(scores):
        regions.setdefault(share.region, []).append(share)
    return tuple(
        Measured(
            region, model, cohort, tuple(one.case for one in shares),
            np.array([one.percent_pred for one in shares]) / 100, np.array([one.percent_ref for one in shares]) / 100,
        )
        for region, shares in regions.items()
    )  # fmt: skip


def _values(sample: Sample) -> NDArray[np.float64]:
    return np.array(list(sample.values()), float)
