"""What share of the whole tumour each subregion is: predicted against reference (paper 000: its VASARI-like features).

A share is voxels of the subregion over voxels of the whole tumour, in percent, of the same mask. Where a mask has no
whole tumour there is no share: such cases keep their rows, are counted, and are left out of the statistics of shares;
in the table of bins a tumour that was missed stands in a column of its own, and never as "the same bin".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.statistics.bland_altman import BlandAltman, bland_altman
from oncontour.evaluate.statistics.correlation import Correlation, correlate
from oncontour.evaluate.statistics.groups import mann_whitney
from oncontour.evaluate.statistics.kappa import weighted_kappa
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.statistics.paired import wilcoxon
from oncontour.evaluate.summary import Spread, spread, without_nan

WHOLE = "WT"
"""Name of the whole tumour in every scheme that has one."""

BIN_TOPS = (0, 5, 33, 67, 95)
"""Highest percentage of each VASARI bin; above the last come what is below 100, and 100."""

BINS = ("0", "to 5", "to 33", "to 67", "to 95", "below 100", "100")
"""VASARI's bins, by their upper ends in percent. (Spreadsheets would read "5-33" as a date.)"""

RULE = (
    "Percent of the whole tumour of the same mask. Statistics of shares: cases with a whole tumour in both masks. "
    "Bins: cases with one in the reference; where it was missed, the last column."
)


@dataclass(frozen=True)
class Share:
    """One subregion of one case; the columns of `proportions.csv`.

    Args:
        case, region: names.
        percent_pred, percent_ref: of the whole tumour; NaN where the mask has none.
        difference: prediction less reference.
        bin_pred, bin_ref: of `BINS`; empty where there is no share.
        prediction_missing: whether there was no file, which counts as an empty mask.
    """

    case: str
    region: str
    percent_pred: float
    percent_ref: float
    difference: float
    bin_pred: str
    bin_ref: str
    prediction_missing: bool


@dataclass(frozen=True)
class Adjusted:
    """A test and its P value adjusted by Benjamini and Hochberg over the subregions."""

    test: Test
    adjusted_p: float


@dataclass(frozen=True)
class RegionProportion:
    """One subregion of a cohort.

    Args:
        region: its name.
        n: cases with a whole tumour in both masks.
        reference_without_tumour: cases whose reference has none: no share to compare with.
        prediction_without_tumour: cases whose reference has one and whose prediction has none.
        percent_pred, percent_ref: of the n cases.
        correlation: of the n, None with fewer than three.
        correlation_adjusted_p: of its P, over the subregions.
        agreement: limits of agreement of the n in percentage points, None with fewer than two.
        mann_whitney: unpaired, as paper 000 did; None without cases.
        wilcoxon: the paired test, which these data ask for.
        crosstab: (7, 8) cases, bins of the reference in rows, of the prediction in columns, the last: no tumour.
        same_bin: share of cases with a tumour in the reference whose bin is the same.
        kappa: weighted linearly, of the n.
    """

    region: str
    n: int
    reference_without_tumour: int
    prediction_without_tumour: int
    percent_pred: Spread
    percent_ref: Spread
    correlation: Correlation | None
    correlation_adjusted_p: float
    agreement: BlandAltman | None
    mann_whitney: Adjusted | None
    wilcoxon: Adjusted | None
    crosstab: tuple[tuple[int, ...], ...]
    same_bin: float
    kappa: float


@dataclass(frozen=True)
class Proportions:
    """Shares of a cohort.

    Args:
        shares: a row a case and subregion; none where the scheme has no whole tumour with a subregion.
        regions: statistics of each subregion.
    """

    shares: tuple[Share, ...]
    regions: tuple[RegionProportion, ...]

    @property
    def family(self) -> str:
        """What P values were adjusted over, in words."""
        names = ", ".join(one.region for one in self.regions)
        return f"each test on its own over the subregions ({names})"

    def as_json(self) -> dict[str, Any]:
        """Statistics as JSON writes them; a sentence where there are none."""
        if not self.shares:
            return {"none": f"no region {WHOLE} with subregions: nothing to be a share of"}
        return {
            "of": WHOLE,
            "rule": RULE,
            "bins": [*BINS, "no tumour"],
            "adjusted": f"Benjamini-Hochberg, {self.family}",
            "regions": [without_nan(asdict(one)) for one in self.regions],
        }


def vasari_bin(percent: float) -> int:
    """The place in `BINS` of a share.

    Args:
        percent: 0 to 100.

    >>> [BINS[vasari_bin(one)] for one in (0, 5, 5.1, 95, 99.9, 100)]
    ['0', 'to 5', 'to 33', 'to 95', 'below 100', '100']
    """
    return int(np.searchsorted(BIN_TOPS, percent)) + (percent >= 100)


def proportions(scores: Iterable[RegionScore]) -> Proportions:
    """Shares of the whole tumour, and how predicted ones agree with the reference's.

    Args:
        scores: of all cases and regions, of one scheme.
    """
    shares = shares_of_whole(scores)
    names = dict.fromkeys(one.region for one in shares)
    return Proportions(shares, _adjusted([_region(name, [s for s in shares if s.region == name]) for name in names]))


def shares_of_whole(scores: Iterable[RegionScore]) -> tuple[Share, ...]:
    """A row a case and subregion; none where the scheme has no whole tumour with a subregion."""
    scores = list(scores)
    whole = {score.case: score for score in scores if score.region == WHOLE}
    return tuple(_share(one, whole[one.case]) for one in scores if one.region != WHOLE and one.case in whole)


def _share(score: RegionScore, whole: RegionScore) -> Share:
    pred, ref = _percent(score.voxels_pred, whole.voxels_pred), _percent(score.voxels_ref, whole.voxels_ref)
    bins = ["" if isnan(one) else BINS[vasari_bin(one)] for one in (pred, ref)]
    return Share(score.case, score.region, pred, ref, pred - ref, bins[0], bins[1], score.prediction_missing)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else nan


def _region(name: str, shares: Sequence[Share]) -> RegionProportion:
    tumours = [one for one in shares if one.bin_ref]
    both = [one for one in tumours if one.bin_pred]
    pred = np.array([one.percent_pred for one in both], float)
    ref = np.array([one.percent_ref for one in both], float)
    crosstab = _crosstab(tumours)
    return RegionProportion(
        region=name,
        n=len(both),
        reference_without_tumour=len(shares) - len(tumours),
        prediction_without_tumour=len(tumours) - len(both),
        percent_pred=spread(pred),
        percent_ref=spread(ref),
        correlation=correlate(pred, ref) if len(both) > 2 else None,
        correlation_adjusted_p=nan,
        agreement=bland_altman(pred, ref) if len(both) > 1 else None,
        mann_whitney=Adjusted(mann_whitney(pred, ref), nan) if both else None,
        wilcoxon=Adjusted(wilcoxon(pred - ref), nan) if both else None,
        crosstab=tuple(tuple(row) for row in crosstab.tolist()),
        same_bin=float(np.trace(crosstab) / len(tumours)) if tumours else nan,
        kappa=weighted_kappa(crosstab[:, :-1]),
    )


def _crosstab(tumours: Sequence[Share]) -> NDArray[np.int64]:
    table = np.zeros((len(BINS), len(BINS) + 1), np.int64)
    for one in tumours:
        table[BINS.index(one.bin_ref), BINS.index(one.bin_pred) if one.bin_pred else len(BINS)] += 1
    return table


def _adjusted(regions: Sequence[RegionProportion]) -> tuple[RegionProportion, ...]:
    """The same with P values adjusted, each test over all regions."""
    correlations = _family([one.correlation.p if one.correlation else nan for one in regions])
    unpaired = _family([one.mann_whitney.test.p if one.mann_whitney else nan for one in regions])
    paired = _family([one.wilcoxon.test.p if one.wilcoxon else nan for one in regions])
    return tuple(
        replace(
            one,
            correlation_adjusted_p=correlations[n],
            mann_whitney=one.mann_whitney and replace(one.mann_whitney, adjusted_p=unpaired[n]),
            wilcoxon=one.wilcoxon and replace(one.wilcoxon, adjusted_p=paired[n]),
        )
        for n, one in enumerate(regions)
    )


def _family(p: Sequence[float]) -> list[float]:
    return [float(one) for one in benjamini_hochberg(p)] if p else []
