"""Analysis against other programs' figures, and of simulated studies whose truth is known."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from scipy import stats

from oncontour.core.errors import InputError
from oncontour.evaluate.statistics import icc
from oncontour.evaluate.subgroups import GroupTable
from oncontour.review.study.analysis import page
from oncontour.review.study.analysis.origin import tell_apart
from oncontour.review.study.analysis.run import analyse
from oncontour.review.study.analysis.summaries import first_readings
from oncontour.review.study.analysis.write import write_analysis
from oncontour.review.study.draw import draw_study
from oncontour.review.study.readings import Readings

from ..conftest import study_plan

SOURCES = ("e1", "e2", "e3", "m1", "m2")


def simulate(read, seed, quality, tells=0.0, cases=60, second=6, own=0.0):
    """Raters of a drawn study: scores follow quality, cases' difficulty and their own noise.

    Args:
        quality: source -> mean score.
        tells: 0: nobody can tell AI's masks from experts'; 1: everybody always does.
        own: how much more than the others each rater gives.
    """
    plan = study_plan(draw={"seed": seed, "read_twice": second})
    drawn = draw_study(plan, {f"c{n:03d}": SOURCES for n in range(cases)})
    chance = np.random.default_rng(seed)
    hard = {f"c{n:03d}": chance.normal(0, 1) for n in range(cases)}
    rows = []
    for number, (rater, pages) in enumerate(drawn.pages.items()):
        for shown in pages:
            for mask in shown.masks:
                mean = quality[mask.source] + hard[shown.case] + number * own
                score = int(np.clip(round(mean + chance.normal(0, 1)), 1, 10))
                knows = chance.random() < tells
                called = mask.source.startswith("m") if knows else bool(chance.random() < 0.4)
                rows.append(read(rater, shown.case, mask.source, score, called, shown.reading))
    planned = {rater: sum(len(page.masks) for page in pages) for rater, pages in drawn.pages.items()}
    return Readings(plan, tuple(rows), planned, ())


ALIKE = dict.fromkeys(SOURCES, 7.0)


def test_raters_who_cannot_tell_have_balanced_accuracy_about_one_half(read):
    covered = 0
    for seed in range(12):
        for one in tell_apart(first_readings(simulate(read, seed, ALIKE).rows)):
            assert 0.35 < one.balanced_accuracy < 0.65
            covered += one.low <= 0.5 <= one.high
    assert covered >= 0.85 * 12 * 4  # 95 % intervals, 48 of them, four a study that go together.


def test_raters_who_can_tell_are_found_out(read):
    for one in tell_apart(first_readings(simulate(read, 1, ALIKE, tells=0.8).rows)):
        assert one.low > 0.5
        assert one.p_yates < 0.001


def test_a_better_source_is_found_better_and_equal_ones_are_not(read):
    found = analyse(simulate(read, 2, {**ALIKE, "m2": 8.5}), focus="m2")
    scores = [one for one in found.comparisons if one.measure == "score" and one.first]
    assert {one.first for one in scores} == {"m2"}
    assert all(one.low > 0 and one.effect_size > 0.5 for one in scores)
    pooled = [one for one in scores if one.rater == "all raters"]
    assert len(pooled) == 4
    assert all(one.p_adjusted < 0.001 and one.difference == pytest.approx(1.5, abs=0.7) for one in pooled)
    equal = analyse(simulate(read, 3, ALIKE)).comparisons
    pairs = [one for one in equal if one.measure == "score" and one.first]
    assert sum(one.p_adjusted < 0.05 for one in pairs) <= 2


def test_tests_are_those_of_scipy(read):
    found = analyse(simulate(read, 4, {**ALIKE, "e3": 6.0}))
    rows = [row for row in found.rows if row.rater == "r1" and row.reading == 1]
    scores = {source: [row.score for row in rows if row.source == source] for source in SOURCES[1:]}
    own = {(one.measure, one.first, one.second): one for one in found.comparisons if one.rater == "r1"}
    overall = own["score", "", ""]
    assert overall.p == pytest.approx(stats.kruskal(*scores.values()).pvalue)
    ps = [one.p for (measure, first, _), one in own.items() if measure == "score" and first]
    adjusted = [one.p_adjusted for (measure, first, _), one in own.items() if measure == "score" and first]
    assert len(ps) == 6
    np.testing.assert_allclose(adjusted, stats.false_discovery_control(ps))
    pair = own["score", "e2", "m1"]
    assert pair.p == pytest.approx(stats.mannwhitneyu(scores["e2"], scores["m1"]).pvalue)
    table = [[sum(score >= 7 for score in scores[name]), sum(score < 7 for score in scores[name])] for name in
             ("e2", "m1")]  # fmt: skip
    shares = own["acceptable", "e2", "m1"]
    assert shares.p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert shares.p_yates == pytest.approx(stats.chi2_contingency(table).pvalue)
    assert shares.p_exact == pytest.approx(stats.fisher_exact(table).pvalue)
    (summary,) = [one for one in found.summaries if (one.rater, one.source) == ("r1", "m1")]
    assert (summary.median, summary.q1, summary.q3) == tuple(np.percentile(scores["m1"], [50, 25, 75]))


def test_agreement_is_that_of_masks_all_have_read(read):
    found = analyse(simulate(read, 5, ALIKE, own=1.0))
    first = {(row.rater, row.case, row.source): row.score for row in found.rows if row.reading == 1}
    shared = [
        (case, source) for rater, case, source in first if rater == "r1" and source in ("m1", "m2")
        and all((other, case, source) in first for other in ("r2", "r3"))
    ]  # fmt: skip
    table = [[first[rater, *mask] for rater in ("r1", "r2", "r3")] for mask in shared]
    rows = {(one.raters, one.source, one.form): one for one in found.agreement if one.between == "raters"}
    one = rows["r1 and r2 and r3", "all sources", "3,1"]
    assert one.n == len(shared) >= 60
    assert one.value == pytest.approx(icc(table, "3,1").value)
    assert one.value > rows["r1 and r2 and r3", "all sources", "2,1"].value  # Raters give one more each.
    again = {(one.raters, one.form): one for one in found.agreement if one.between == "readings" and one.source ==
             "all sources"}  # fmt: skip
    assert set(again) == {(rater, form) for rater in ("r1", "r2", "r3") for form in ("3,1", "2,1")}
    assert again["r1", "3,1"].n == 18


def test_second_readings_count_in_agreement_alone(read, study):
    rows = [read("r", f"c{n}", source, 5) for n in range(4) for source in ("e1", "m1")]
    again = [read("r", f"c{n}", source, 10, which=2) for n in range(4) for source in ("e1", "m1")]
    found = analyse(study([*rows, *again], ("e1", "m1")))
    assert {(one.n, one.median) for one in found.summaries} == {(4, 5.0)}


def test_scores_that_do_not_vary_make_no_figures_up(read, study, tmp_path):
    rows = [read(rater, f"c{n}", source, 9, False) for rater in "ab" for n in range(3) for source in ("e1", "m1")]
    found = analyse(study(rows, ("e1", "m1")))
    (one,) = [c for c in found.comparisons if (c.rater, c.measure) == ("a", "acceptable")]
    assert np.isnan([one.p, one.p_yates, one.p_exact, one.p_adjusted]).all()
    assert all(np.isnan(one.value) for one in found.agreement)
    write_analysis(found, tmp_path / "out")
    assert ">nan" not in page.page(found, []).lower()


def test_nothing_locked_and_an_unknown_focus_are_said(read, study):
    with pytest.raises(InputError, match="no page locked"):
        analyse(Readings(study_plan(), (), {"r": 3}, ()))
    with pytest.raises(InputError, match="--focus"):
        analyse(study([read("r", "c", "m1", 5)], ("m1",)), focus="m9")


def test_what_is_written(read, tmp_path):
    readings = simulate(read, 6, ALIKE, cases=12, second=0)
    groups = GroupTable(("focus",), {f"c{n:03d}": {"focus": "one" if n % 2 else "several"} for n in range(12)}, True)
    found = analyse(readings, groups=groups)
    written = write_analysis(found, tmp_path / "out")
    assert all(path.is_file() for path in written)
    names = {path.name for path in written}
    assert {"readings.csv", "sources.csv", "comparisons.csv", "called_ai.csv", "origin.csv", "agreement.csv"} <= names
    assert {"scores.png", "acceptable.png", "called-ai.png", "scores.csv", "report.html"} <= names
    with (tmp_path / "out" / "readings.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == len(readings.rows)
    summary = json.loads((tmp_path / "out" / "analysis.json").read_text("utf-8"))
    assert (summary["masks_read"], summary["sources"]) == (len(readings.rows), list(SOURCES))
    text = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "http" not in text.split("</style>")[1]
    for words in ("Balanced accuracy", "Agreement", "by focus", "data:image/png"):
        assert words in text


def test_the_same_seed_gives_the_same_intervals(read):
    first, second = (analyse(simulate(read, 7, ALIKE, cases=10), seed=1) for _ in range(2))
    assert first.comparisons == second.comparisons
