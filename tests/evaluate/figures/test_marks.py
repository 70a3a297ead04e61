"""Dots, boxes and violins show the cases, and nothing beyond them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection

from oncontour.drawing.style import chart
from oncontour.evaluate.figures.axes import IN_MILLIMETRES, RATINGS, TITLES, log_axis, metric_axis, score_axis
from oncontour.evaluate.figures.marks import counts, draw_box, draw_dots, draw_median, draw_steps, draw_violin, offsets
from oncontour.evaluate.summary import SUMMARISED


@pytest.fixture
def axes():
    found = chart(3, 3).subplots()
    score_axis(found)
    return found


def ends(axes) -> tuple[float, float]:
    heights = np.concatenate([path.vertices[:, 1] for path in axes.collections[0].get_paths()])
    return heights.min(), heights.max()


@pytest.mark.parametrize("values", [np.linspace(0, 1, 40), np.r_[np.zeros(20), np.ones(20)], np.linspace(0.8, 0.9, 10)])
def test_a_violin_ends_where_its_cases_end(axes, values):
    draw_violin(axes, 0.0, values, 0.9, "#0072b2")
    assert ends(axes) == pytest.approx((values.min(), values.max()))


def test_a_violin_on_a_logarithmic_axis_ends_there_too(axes):
    log_axis(axes, 374.0, 1.0)
    values = np.r_[0.0, np.geomspace(0.5, 374, 30)]
    draw_violin(axes, 0.0, values, 0.9, "#0072b2")
    assert ends(axes) == pytest.approx((0.0, 374.0), abs=1e-9)


@pytest.mark.parametrize("values", [np.linspace(0, 1, 9), np.zeros(50), np.array([])])
def test_few_or_equal_cases_have_no_violin(axes, values):
    draw_violin(axes, 0.0, values, 0.9, "#0072b2")
    assert not axes.collections


def test_a_dot_a_case_at_its_height(axes):
    values = np.r_[np.zeros(12), 0.5, np.ones(3)]
    draw_dots(axes, 2.0, values, 0.8, "#0072b2", "o")
    (dots,) = axes.collections
    assert isinstance(dots, PathCollection)
    assert dots.get_offsets()[:, 1].tolist() == values.tolist()
    assert np.abs(dots.get_offsets()[:, 0] - 2.0).max() <= 0.4


def test_a_box_has_quartiles_and_a_median(axes):
    values = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    draw_box(axes, 0.0, values, 0.5, "#0072b2")
    draw_median(axes, 0.0, values, 0.5)
    box = axes.patches[0].get_path().vertices[:, 1]
    assert (box.min(), box.max()) == pytest.approx((0.2, 0.4))
    assert axes.lines[-1].get_ydata() == pytest.approx([0.3, 0.3])


def test_one_case_is_a_dot_alone(axes):
    draw_box(axes, 0.0, np.array([0.5]), 0.5, "#0072b2")
    draw_median(axes, 0.0, np.array([0.5]), 0.5)
    assert not axes.patches
    assert not axes.lines


@given(st.lists(st.floats(0, 1), max_size=80))
def test_dots_stay_within_their_width_and_about_its_middle(shares):
    found = offsets(np.array(shares))
    assert (np.abs(found) <= 0.5).all()
    assert abs(found.sum()) < 1e-9


def test_equal_dots_stand_apart():
    assert len(set(offsets(np.full(30, 0.5)))) == 30


def test_counts_of_many_samples_are_a_range():
    assert counts([[1.0] * n for n in (3, 5, 4, 9)]) == "n = 3 to 9"
    assert counts([[1.0] * 3] * 8) == "n = 3"


def test_every_metric_has_a_title_and_an_axis(axes):
    assert set(TITLES) == {*SUMMARISED, *RATINGS}
    assert {name for name in TITLES if TITLES[name].endswith("mm")} == set(IN_MILLIMETRES)
    metric_axis(axes, "hd95", [0.0, 374.0])
    assert axes.get_yscale() == "symlog"
    low, high = axes.get_ylim()
    assert low < 0
    assert high > 374


def test_scores_of_raters_stand_on_their_whole_scale_as_discs_by_their_share():
    axes = chart(3, 3).subplots()
    metric_axis(axes, "likert", [7.0])
    assert axes.get_yticks().tolist() == list(range(1, 11))
    draw_steps(axes, 0, np.array([7.0] * 6 + [9.0] * 2), "#0072b2")
    (discs,) = axes.collections
    assert np.asarray(discs.get_offsets())[:, 1].tolist() == [7.0, 9.0]
    assert discs.get_sizes()[0] == pytest.approx(3 * discs.get_sizes()[1])
