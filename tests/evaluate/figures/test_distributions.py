"""Violins, strips and volumes: every case is drawn once, no NaN is, and n is told."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.evaluate.compare import Model
from oncontour.evaluate.figures.strips import strips
from oncontour.evaluate.figures.violins import violins
from oncontour.evaluate.figures.volumes import volumes


def test_violins_have_a_panel_a_cohort_and_a_dot_a_case(make, dots, words):
    inner, outer = [make("A"), make("B", seed=1)], [make("A", 12), make("B", 12, 1)]
    figure, rows = violins({"Internal": inner, "External": outer})
    assert len(rows) == 3 * 2 * (20 + 12)
    assert list(rows[0]) == ["cohort", "region", "model", "case", "dice"]
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Internal", "External"]
    for axes, cohort in zip(figure.axes, ("Internal", "External"), strict=True):
        assert dots(axes) == pytest.approx(sorted(row["dice"] for row in rows if row["cohort"] == cohort))
    assert {"WT\nn = 20", "WT\nn = 12", "A", "B"} <= set(words(figure))


def test_a_model_keeps_its_colour_where_another_lacks(make):
    both, _ = violins({"one": [make("A"), make("B")], "two": [make("B")]})
    first, second = ([one.get_facecolor()[0].tolist() for one in axes.collections] for axes in both.axes)
    assert second[0] in first
    assert second[0] != first[0]


def test_undefined_values_are_told_and_not_drawn(dots, words):
    model = Model("A", {"WT": {"a": 0.5, "b": float("nan")}, "TC": {"a": float("nan")}})
    figure, rows = violins({"": [model]})
    assert dots(figure.axes[0]).tolist() == [0.5]
    assert np.isnan([row["dice"] for row in rows]).sum() == 2
    assert {"WT\nn = 1\n(1 undefined)", "TC\nn = 0\n(1 undefined)"} <= set(words(figure))


def test_many_models_and_regions_go_into_rows(make):
    regions = ("WT", "TC", "ET", "NET", "CC", "ED", "NETCCED", "RC")
    figure, _ = violins({"": [make(f"a model with a long name, number {n}", 12, n, 1, regions) for n in range(8)]})
    assert len(figure.axes) == 3
    assert figure.get_figwidth() < 12


def test_distances_have_their_own_axis(make):
    model = Model("A", {"WT": {"a": 1.0, "b": 374.0, "c": 0.0}})
    figure, rows = violins({"": [model]}, "hd95")
    assert figure.axes[0].get_yscale() == "symlog"
    assert figure.axes[0].get_ylabel() == "HD95, mm"
    assert rows[1]["hd95"] == 374.0


def test_strips_count_zeros_of_all_cases(make, dots, words):
    models = [make("BraTS", 60, 0, 11), make("transfer-encoder", 60, 1, 4)]
    figure, rows = strips({"WT": {model.name: model.scores["WT"] for model in models}})
    assert {"11\n(18.3 %)", "4\n(6.7 %)", "n = 60", "Dice 0"} <= set(words(figure))  # as paper 001, Figure 2 has it
    assert len(rows) == len(dots(figure.axes[0])) == 120
    assert list(rows[0]) == ["panel", "sample", "case", "dice"]


def test_strips_of_distances_count_no_zeros(words):
    figure, _ = strips({"WT": {"A": {"a": 0.0, "b": 3.0}}}, "hd95")
    assert not any("%" in text for text in words(figure))


def test_strips_have_the_colours_that_are_given():
    from matplotlib.colors import to_hex

    figure, _ = strips({"": {"WT": {"a": 0.5}, "ET": {"a": 0.2}}}, colours={"ET": "#d55e00"})
    colours = [to_hex(one.get_facecolor()[0]) for one in figure.axes[0].collections]
    assert colours == ["#0072b2", "#d55e00"]


def test_long_names_go_into_a_key(make):
    figure, _ = strips({"WT": {f"a model with a long name {n}": {"a": 0.5} for n in range(3)}})
    assert [text.get_text()[-1] for text in figure.legends[0].get_texts()] == ["0", "1", "2"]
    figure, _ = strips({"WT": {"A": {"a": 0.5}, "B": {"a": 0.5}}})
    assert not figure.legends


def test_volumes_show_empty_regions_at_zero_and_count_them(dots, words):
    before = Model("preoperative", {"WT": {"a": 80.0, "b": 30.0}, "ET": {"a": 0.0, "b": 4.0}})
    after = Model("postoperative", {"WT": {"a": 20.0, "b": 1.0, "c": 5.0}, "ET": {"a": 0.0, "b": 0.0, "c": 0.05}})
    figure, rows = volumes([before, after])
    (axes,) = figure.axes
    assert dots(axes).tolist() == [0, 0, 0, 0.05, 1, 4, 5, 20, 30, 80]
    counted = [text.get_text() for text in axes.texts if text.get_text().isdigit()]
    assert counted == ["1", "2"]
    assert {"WT\nn = 2, 3", "preoperative", "postoperative"} <= set(words(figure))
    low, high = axes.get_ylim()
    assert low < 0
    assert high > 80
    assert rows[0] == {"region": "WT", "group": "preoperative", "case": "a", "volume_ml": 80.0}
