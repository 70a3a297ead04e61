"""Heat map and brackets: the numbers that were given, and a bracket for each pair that differs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.evaluate.figures.box_brackets import box_brackets, levels_of
from oncontour.evaluate.figures.heat_map import heat_map


def brackets(axes):
    return [line for line in axes.lines if line.get_gid() == "bracket"]


def samples(make, *names):
    return {name: make(name, 20, n).scores["WT"] for n, name in enumerate(names)}


def test_a_bracket_for_each_pair_below_five_per_cent(make):
    panels = {"E1": samples(make, "E2", "E3", "AI"), "E2": samples(make, "E1", "E3", "AI")}
    p = {"E1": {("E2", "AI"): 0.02, ("AI", "E3"): 0.0005, ("E2", "E3"): 0.05}}
    figure, rows = box_brackets(panels, p)
    first, second = figure.axes
    assert [ends(line) for line in brackets(first)] == [(1, 2), (0, 2)]
    assert [text.get_text() for text in first.texts if set(text.get_text()) == {"∗"}] == ["∗∗", "∗"]
    assert not brackets(second)
    assert first.get_ylim() == second.get_ylim()
    tested = [row for row in rows if row["mark"] == "P"]
    assert tested[1] == {"panel": "E1", "mark": "P", "sample": "AI", "other": "E3", "case": "", "value": 0.0005}
    assert len(rows) == 3 + 2 * 3 * 20


def ends(line) -> tuple[float, float]:
    across = np.asarray(line.get_xdata())
    return across.min(), across.max()


def test_brackets_stand_above_the_scores_and_apart(make):
    names = [f"model {n}" for n in range(6)]
    figure, _ = box_brackets({"WT": samples(make, *names)}, {"WT": dict.fromkeys(combinations(names, 2), 0.0001)})
    drawn = [(*ends(line), max(line.get_ydata())) for line in brackets(figure.axes[0])]
    assert len(drawn) == 15
    for (low, high, up), (other_low, other_high, other_up) in combinations(drawn, 2):
        assert up != other_up or high < other_low or other_high < low
    assert min(up for *_, up in drawn) > 1.0
    assert max(up for *_, up in drawn) < figure.axes[0].get_ylim()[1]


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda ends: ends[0] < ends[1])))
def test_brackets_of_a_level_do_not_touch(spans):
    levels = levels_of(list(spans))
    assert set(levels) == spans
    for (one, level), (other, other_level) in combinations(levels.items(), 2):
        assert level != other_level or one[1] < other[0] or other[1] < one[0]


def test_p_of_a_stranger_is_refused(make):
    with pytest.raises(InputError, match="'E9'"):
        box_brackets({"E1": samples(make, "E2", "AI")}, {"E1": {("E2", "E9"): 0.01}})


def test_medians_are_written_into_their_cells(words):
    medians = np.array([[1.0, 0.87, np.nan], [0.87, 1.0, 0.74], [np.nan, 0.74, 1.0]])
    figure, rows = heat_map(["E1", "E2", "AI"], medians, np.full((3, 3), 60))
    axes = figure.axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts if isinstance(text.get_position()[0], int)}
    assert cells[1, 0] == cells[0, 1] == "0.87"
    assert cells[0, 0] == cells[2, 0] == ""
    assert axes.images[0].get_clim() == (0.7, 1.0)
    assert {"n = 60", "Median Dice"} <= set(words(figure))
    assert len(rows) == 6
    assert rows[0] == {"rater": "E1", "against": "E2", "median_dice": 0.87, "n": 60}


def test_counts_that_differ_stand_in_the_cells(words):
    counts = np.array([[0, 51], [51, 0]])
    figure, _ = heat_map(["E1", "E2"], np.full((2, 2), 0.5), counts)
    assert "0.50\nn 51" not in words(figure)  # one pair: one count
    counts = np.array([[0, 51, 49], [51, 0, 49], [49, 49, 0]])
    figure, _ = heat_map(["E1", "E2", "E3"], np.full((3, 3), 0.5), counts)
    assert "0.50\nn 51" in words(figure)


def test_nothing_to_compare_is_still_a_figure(words):
    figure, _ = heat_map(["E1", "E2"], np.full((2, 2), np.nan), np.zeros((2, 2), int))
    assert "n = 0" in words(figure)
    with pytest.raises(InputError, match=r"\(2, 2\)"):
        heat_map(["E1", "E2"], np.zeros((3, 3)), np.zeros((3, 3), int))
