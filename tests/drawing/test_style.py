from __future__ import annotations

from itertools import combinations

import numpy as np

from oncontour.drawing.style import INK, SERIES, chart, frame_chart, key, series

PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
"""What is left of linear RGB without red or green cones (Machado 2009, severity 1)."""


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def test_first_six_colours_differ_for_the_colour_blind():
    for matrix in (np.eye(3), PROTANOPIA, DEUTERANOPIA):
        seen = [np.clip(matrix @ linear(colour), 0, 1) ** (1 / 2.4) for colour in SERIES[:6]]
        assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 0.1


def test_series_repeat_and_no_two_of_eight_share_colour_and_marker():
    assert len({series(n) for n in range(8)}) == 8
    assert series(3) == series(11)


def test_frame_writes_words_in_ink():
    axes = chart(3, 3, "All").subplots()
    frame_chart(axes, "WT", across="Dice", up="cases")
    assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()) == ("WT", "Dice", "cases")
    assert axes.xaxis.label.get_color() == INK


def test_key_only_where_something_is_labelled():
    axes = chart(3, 3).subplots()
    key(axes)
    assert axes.get_legend() is None
    axes.plot([0, 1], [0, 1], label="model")
    key(axes)
    assert axes.get_legend() is not None
