"""Whether raters tell AI's masks from experts': paper 001's Turing question (Figure 5 C)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from oncontour.evaluate.statistics import chi_square, cluster_means, percentiles
from oncontour.review.study.analysis.summaries import by_rater, by_source, resampled, wilson
from oncontour.review.study.readings import Reading


@dataclass(frozen=True)
class Called:
    """How often a source's masks were taken for AI's: a rate, not an accuracy.

    Args:
        rater, source, kind: names.
        n, called_ai: masks.
        share: of n; for a model the rate of right answers, for an expert of wrong ones.
        wilson_low, wilson_high: 95 %, were masks independent, as those of one rater are.
        share_low, share_high: 95 %, bootstrap over cases.
    """

    rater: str
    source: str
    kind: str
    n: int
    called_ai: int
    share: float
    wilson_low: float
    wilson_high: float
    share_low: float
    share_high: float


@dataclass(frozen=True)
class Telling:
    """How well a rater tells AI's masks from experts'.

    Args:
        rater: name.
        n_models, n_experts: masks.
        sensitivity: share of models' masks that were called AI's.
        specificity: share of experts' masks that were not.
        balanced_accuracy: their mean; 0.5 is guessing, and less is telling them apart by the wrong names.
        low, high: 95 %, bootstrap over cases.
        p, p_yates: chi-square of called and true origin, without correction and with Yates'.
        p_exact: Fisher's.
    """

    rater: str
    n_models: int
    n_experts: int
    sensitivity: float
    specificity: float
    balanced_accuracy: float
    low: float
    high: float
    p: float
    p_yates: float
    p_exact: float


def count_called(rows: Sequence[Reading], order: Sequence[str], seed: int = 0) -> tuple[Called, ...]:
    """Every rater's rate of every source; arguments as for `summarise`."""
    found = []
    for rater, own in by_rater(rows).items():
        samples = resampled(own, [bool(row.called_ai) for row in own], seed)
        for source, of_source in by_source(own, order).items():
            count, n = sum(bool(row.called_ai) for row in of_source), len(of_source)
            limits, interval = wilson(count, n), percentiles(samples[source])
            found.append(
                Called(rater, source, of_source[0].kind, n, count, count / n, *limits, interval.low, interval.high)
            )
    return tuple(found)


def tell_apart(rows: Sequence[Reading], seed: int = 0) -> tuple[Telling, ...]:
    """Every rater's balanced accuracy; none of raters who saw one kind alone."""
    found = []
    for rater, own in by_rater(rows).items():
        called = {kind: [bool(row.called_ai) for row in own if row.kind == kind] for kind in ("model", "expert")}
        if not all(called.values()):
            continue
        (right, n_models), (wrong, n_experts) = ((sum(said), len(said)) for said in called.values())
        samples = cluster_means(
            [bool(row.called_ai) for row in own], [row.kind for row in own], [row.case for row in own], seed=seed
        )
        interval = percentiles((samples["model"] + 1 - samples["expert"]) / 2)
        sensitivity, specificity = right / n_models, 1 - wrong / n_experts
        p = p_yates = p_exact = nan
        table = [[right, n_models - right], [wrong, n_experts - wrong]]
        if 0 < right + wrong < n_models + n_experts:
            plain = chi_square(table)
            p, p_yates, p_exact = plain.p, chi_square(table, yates=True).p, plain.exact_p or nan
        found.append(
            Telling(
                rater, n_models, n_experts, sensitivity, specificity, (sensitivity + specificity) / 2, interval.low,
                interval.high, p, p_yates, p_exact,
            )
        )  # fmt: skip
    return tuple(found)
