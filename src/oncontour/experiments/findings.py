"""Whether a paper's findings appear: a paired test of each, told with its P and n, and a verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.statistics.paired import wilcoxon
from oncontour.evaluate.summary import DISTANCES, values_of
from oncontour.experiments.experiment import MISSED, Finding

Scores = Mapping[tuple[str, str], Sequence[RegionScore]]
"""By arm and cohort."""

SURE = 0.05
"""An adjusted P below it tells two arms apart."""

LENGTHS = (*DISTANCES, "lesion_hd95", MISSED)
"""Metrics of which less is better."""

Word = Literal["found", "not found", "not distinguishable", "no difference seen", "not run"]


@dataclass(frozen=True)
class Verdict:
    """What became of a finding.

    Args:
        finding: of the paper.
        word: found: as the paper has it; not found: significantly otherwise; not distinguishable: too few cases, or too
            small a difference, for either; no difference seen: where the paper saw none; not run: not at this scale.
        n: cases of both arms.
        means: of the metric in both; missed: shares of cases.
        test: paired, of first less second.
        adjusted_p: by Benjamini and Hochberg over the recipe's findings.
    """

    finding: Finding
    word: Word
    n: int = 0
    means: tuple[float, float] = (float("nan"), float("nan"))
    test: Test | None = None
    adjusted_p: float = float("nan")


def verdicts(findings: Sequence[Finding], scores: Scores) -> tuple[Verdict, ...]:
    """A verdict for each finding.

    Args:
        scores: what arms scored; a finding of arms that are not among them was not run.
    """
    tested = [_tested(finding, scores) for finding in findings]
    adjusted = benjamini_hochberg([one.test.p if one.test else float("nan") for one in tested]) if tested else []
    return tuple(
        replace(one, adjusted_p=float(p), word=_word(one, float(p))) if one.test else one
        for one, p in zip(tested, adjusted, strict=True)
    )


def _tested(finding: Finding, scores: Scores) -> Verdict:
    arms = [scores.get((arm, finding.cohort)) for arm in (finding.first, finding.second)]
    values = [_values(rows, finding) for rows in arms if rows]
    if len(values) < 2:
        return Verdict(finding, "not run")
    shared = sorted(set(values[0]) & set(values[1]))
    if len(shared) < 2:
        return Verdict(finding, "not run", n=len(shared))
    first, second = (np.array([one[case] for case in shared]) for one in values)
    means = float(first.mean()), float(second.mean())
    return Verdict(finding, "not distinguishable", len(shared), means, wilcoxon(first - second))


def _values(rows: Sequence[RegionScore], finding: Finding) -> dict[str, float]:
    """By case; of misses the cases that have the region."""
    own = [row for row in rows if row.region == finding.region]
    if finding.metric == MISSED:
        return {row.case: float(row.dice == 0) for row in own if not row.ref_empty}
    return dict(zip((row.case for row in own), values_of(own, finding.metric, PENALTY_MM).tolist(), strict=True))


def _word(one: Verdict, adjusted_p: float) -> Word:
    differ = adjusted_p < SURE
    if one.finding.expects == "alike":
        return "not found" if differ else "no difference seen"
    if not differ:
        return "not distinguishable"
    less_is_better = one.finding.metric in LENGTHS
    return "found" if (one.means[0] < one.means[1]) == less_is_better else "not found"
