"""Cases by what a table says of them: every case in one group of each column, tests that say what they rest on."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from oncontour.core.errors import InputError
from oncontour.evaluate.run import evaluate
from oncontour.evaluate.subgroups import NOT_GIVEN, find_subgroups, read_groups, write_subgroups
from oncontour.evaluate.summary import spread

DICE = {"new": (0.9, 0.85, 0.8, 0.95), "recurrent": (0.7, 0.6, 0.5)}


@pytest.fixture
def scores(folders):
    """Whole tumours of eight cases: four new, three recurrent, one of which nobody knows, with a reference that is
    empty."""
    (pattern, *_) = evaluate(*folders, "brats").scores
    found = [
        replace(pattern, case=f"{status}{n}", dice=dice)
        for status, values in DICE.items()
        for n, dice in enumerate(values)
    ]
    return (*found, replace(pattern, case="other", dice=0.0, hd95=float("nan"), ref_empty=True))


@pytest.fixture
def table(tmp_path, scores):
    lines = ["case,status,site,age,case number"]
    cases = [score.case for score in scores if score.case != "other"]
    lines += [f"{case},{case[:-1]},{'AB'[n % 2]},,{n}" for n, case in enumerate(cases)]
    path = tmp_path / "groups.csv"
    path.write_text("\n".join([*lines, "stranger,new,A,,99"]) + "\n")
    return path


def test_every_value_is_summarised_and_compared(scores, table):
    found = find_subgroups(scores, read_groups(table), 374.0)
    assert found.columns == ("status", "site")
    assert set(found.not_used) == {"age", "case number"}
    assert (found.not_given, found.unknown) == (("other",), ("stranger",))
    sizes = {(group.column, group.value): len(group.cases) for group in found.groups}
    assert sizes == {("status", "new"): 4, ("status", "recurrent"): 3, ("status", NOT_GIVEN): 1,
                     ("site", "A"): 4, ("site", "B"): 3, ("site", NOT_GIVEN): 1}  # fmt: skip
    new = next(group for group in found.groups if group.value == "new")
    assert new.summaries[0].all_cases["dice"] == spread(DICE["new"])
    test = next(test for test in found.tests if test.metric == "dice" and test.column == "status")
    assert test.found.overall.name == "Mann-Whitney U"
    assert test.found.overall.p == stats.mannwhitneyu(*DICE.values()).pvalue
    assert test.sizes == {"new": 4, "recurrent": 3}
    assert found.families["dice"] == "2 tests of dice: 2 columns, 1 regions"
    raw = [one.found.overall.p for one in found.tests if one.metric == "dice"]
    adjusted = [one.adjusted_p for one in found.tests if one.metric == "dice"]
    assert adjusted == pytest.approx(stats.false_discovery_control(raw))


def test_three_values_get_an_overall_test_and_pairs(scores, tmp_path):
    path = tmp_path / "three.csv"
    values = ["x", "x", "y", "y", "z", "z", "single"]
    path.write_text("case;kind\n" + "\n".join(f"{s.case};{v}" for s, v in zip(scores, values, strict=False)))
    found = find_subgroups(scores, read_groups(path, ["kind"]), 374.0)
    test = next(test for test in found.tests if test.metric == "dice")
    assert test.found.overall.name == "Kruskal-Wallis"
    assert [(pair.first, pair.second) for pair in test.found.pairs] == [("x", "y"), ("x", "z"), ("y", "z")]
    assert test.left_out == ("single",)
    (_, tests) = write_subgroups(found, tmp_path)
    rows = [row for row in csv.DictReader(tests.open()) if row["metric"] == "dice"]
    assert [(row["test"], row["first"], row["n"]) for row in rows] == [
        ("Kruskal-Wallis", "", "6"), ("Mann-Whitney U", "x", "4"), ("Mann-Whitney U", "x", "4"),
        ("Mann-Whitney U", "y", "4"),
    ]  # fmt: skip
    assert all(row["effect"] and row["effect_size"] and row["family"] for row in rows)


def test_the_table_of_subgroups_is_tidy(scores, table, tmp_path):
    path, _ = write_subgroups(find_subgroups(scores, read_groups(table, ["status"]), 374.0), tmp_path)
    rows = [row for row in csv.DictReader(path.open()) if row["metric"] == "dice" and row["cases"] == "all"]
    assert [(row["column"], row["value"], row["region"], row["n"]) for row in rows] == [
        ("status", "new", "WT", "4"), ("status", "recurrent", "WT", "3"), ("status", NOT_GIVEN, "WT", "1"),
    ]  # fmt: skip
    assert float(rows[1]["median"]) == 0.6
    assert rows[2]["sd"] == ""


def test_a_missed_distance_counts_in_a_test(scores, table):
    missed = [replace(score, hd95=float("nan")) if score.case == "new0" else score for score in scores]
    found = find_subgroups(missed, read_groups(table, ["status"]), 374.0)
    test = next(test for test in found.tests if test.metric == "hd95")
    first = [374.0, *[scores[0].hd95] * 3]
    assert test.found.overall.p == stats.mannwhitneyu(first, [scores[0].hd95] * 3).pvalue
    assert np.isfinite(test.adjusted_p)


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("name,site\nnew0,A\n", [], "a column 'case'"),
        ("case,site\nnew0,A\nnew0,B\n", [], "case 'new0' twice"),
        ("case,site\nnew0,A\n", ["scanner"], "a column 'scanner'"),
        ("case\nnew0\n", [], "another beside it"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(tmp_path, text, columns, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_groups(path, columns)
