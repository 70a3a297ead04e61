"""The papers' own counts, fed in as readings: their printed P values come out."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from oncontour.evaluate.subgroups import GroupTable
from oncontour.review.study.analysis.crosstabs import group
from oncontour.review.study.analysis.page import page
from oncontour.review.study.analysis.run import analyse, mean_and_deviation

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"


def _load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


counts = _load("published_counts")

NAMES = {counts.TRANSFER: "transfer-encoder", counts.ADULT: "BraTS model"}


def boyd(read):
    """Paper 001: who was acceptable to experts 1 and 2, and taken for AI's. Scores are 8 or 4: medians mean nothing.

    A rater judged each source in cases of its own here; which cases had which sources is not printed.
    """
    rows = []
    for (rater, source), (yes, total, _) in counts.ACCEPTABLE.items():
        called = counts.CALLED_AI.get((rater, source), (0, 0, 0))[0]
        rows += [read(rater, f"{source} {n}", NAMES.get(source, source), 8 if n < yes else 4, n < called)
                 for n in range(total)]  # fmt: skip
    return rows


@pytest.fixture
def acceptability(read, study):
    order = ("expert 1", "expert 2", "expert 3", "BraTS model", "transfer-encoder")
    return analyse(study(boyd(read), order), focus="transfer-encoder")


def rounds_to(p, printed):
    sign, number = (printed[0], printed[1:]) if printed[0] in "<>" else ("", printed)
    limit = float(number)
    return p < limit if sign == "<" else p > limit if sign else round(p, len(number.split(".")[1])) == limit


@pytest.mark.parametrize("pair", list(counts.ACCEPTABLE_P))
def test_acceptability_of_paper_001(acceptability, pair):
    """All five: Yates' correction, adjusted over one rater's comparisons with the other experts."""
    rater, other = pair
    found = [
        one
        for one in acceptability.comparisons
        if (one.rater, one.measure, one.second) == (rater, "acceptable", NAMES.get(other, other))
    ]
    assert len(found) == 1
    assert rounds_to(found[0].p_adjusted, counts.ACCEPTABLE_P[pair]), found[0]


def test_shares_of_paper_001(acceptability):
    for (rater, source), (yes, total, percent) in counts.ACCEPTABLE.items():
        (one,) = [s for s in acceptability.summaries if (s.rater, s.source) == (rater, NAMES.get(source, source))]
        assert (one.acceptable, one.n) == (yes, total)
        misprint = (rater, source) == ("expert 2", "expert 3")  # 16 of 71 is 22.5 %, not 21.6 %.
        assert (round(100 * one.share, 1) == percent) is not misprint


def test_origin_of_paper_001(read, study):
    """Called AI: 16/70, 27/75, 16/82; experts 2 and 3 lie below one half."""
    rows = [
        read(rater, f"{source} {n}", NAMES.get(source, source), 5, n < called)
        for (rater, source), (called, total, _) in counts.CALLED_AI.items()
        for n in range(total)
    ]
    found = analyse(study(rows, ("expert 1", "expert 2", "expert 3", "transfer-encoder")))
    for (rater, source), (called, total, percent) in counts.CALLED_AI.items():
        (one,) = [c for c in found.called if (c.rater, c.source) == (rater, NAMES.get(source, source))]
        assert (one.called_ai, one.n, round(100 * one.share, 1)) == (called, total, percent)
    (pooled,) = [c for c in found.called if (c.rater, c.source) == ("all raters", "transfer-encoder")]
    assert round(100 * pooled.share, 1) == counts.CALLED_AI_MEAN
    told = {one.rater: one for one in found.telling}
    assert round(told["expert 2"].balanced_accuracy, 3) == 0.233
    assert round(told["expert 3"].balanced_accuracy, 3) == 0.395
    assert told["expert 2"].high < 0.5
    assert "expert 1" not in told  # Of experts' masks expert 1's counts are not printed.


def wan(read):
    """Paper 003: 97 cases, two masks each, by the crosstab."""
    cells = [
        (row, column)
        for row, line in zip(counts.SCORES, counts.CROSSTAB, strict=True)
        for column, number in zip(counts.SCORES, line, strict=True)
        for _ in range(number)
    ]
    return [
        read("reader", f"case {n}", source, score)
        for n, pair in enumerate(cells)
        for source, score in zip(("network", "manual"), pair, strict=True)
    ]


def test_table_2_of_paper_003(read, study):
    found = analyse(study(wan(read), ("network", "manual"), "two-step"))
    (table,) = found.crosstabs
    assert table.counts[1:, 1:].tolist() == [list(row) for row in counts.CROSSTAB]
    assert round(table.p_association, 3) == 0.107
    assert table.least_expected < 5
    assert table.p_permuted > 0.05
    network, manual = (mean_and_deviation(table.counts.sum(axis=axis).tolist(), table.steps) for axis in (1, 0))
    assert [round(one, 3) for one in (*network, *manual)] == [3.567, 0.789, 3.639, 0.71]
    shares = {one.source: round(100 * one.share, 1) for one in found.summaries}
    assert shares == {"network": 93.8, "manual": 97.9}
    text = page(found, [])
    assert "Chi-square P 0.107" in text
    assert "23 (54.8 %)" in text


@pytest.mark.parametrize("one", counts.SUBGROUPS, ids=lambda one: f"{one.method} {one.names[0]}")
def test_table_3_of_paper_003(read, one):
    rows, table = [], {}
    for name, numbers in zip(one.names, one.counts, strict=True):
        for score, number in zip(counts.SCORES, numbers, strict=True):
            for n in range(number):
                table[case := f"{name} {score} {n}"] = {"group": name}
                rows.append(read("reader", case, one.method, score))
    (found,) = group(rows, (one.method,), range(1, 6), GroupTable(("group",), table, asked=True))
    assert f"{found.p:.3f}" == one.p
    first, second = (np.repeat(found.steps, found.counts[name]) for name in one.names)
    assert found.p_ranks == pytest.approx(stats.mannwhitneyu(first, second).pvalue)
