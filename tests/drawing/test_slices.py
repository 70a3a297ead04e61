from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.drawing.slices import draw_scale_bar, draw_slice, frame, outline, window
from oncontour.drawing.style import chart
from oncontour.drawing.views import AXIAL


def test_a_window_is_of_what_is_looked_at():
    image = np.arange(1000.0)
    low, high = window(image, image >= 500)
    assert 500 < low < 510
    assert 990 < high < 1000
    assert window(image, np.zeros(1000, bool))[0] < 20
    assert window(np.zeros(5), np.ones(5, bool)) == (0.0, 1.0)


def test_a_slice_lies_in_millimetres_with_the_right_on_the_left():
    array = np.zeros((10, 6, 4))
    array[9, 5, 2] = 1
    axes = chart(2, 2).subplots()
    draw_slice(axes, Volume(array, np.diag([2.0, 3.0, 4.0, 1.0])), AXIAL, 2, (0, 1))
    (image,) = axes.images
    assert tuple(image.get_extent()) == (20.0, 0, 0, 18.0)
    assert image.get_array()[0, 0] == 1


def test_an_outline_stands_where_its_mask_does():
    axes = chart(2, 2).subplots()
    mask = np.zeros((10, 10), bool)
    mask[2:4, 5:8] = True
    (path,) = outline(axes, mask, (2.0, 1.0), "red", 1.0).get_paths()
    assert path.vertices.min(0) == pytest.approx([4, 5])
    assert path.vertices.max(0) == pytest.approx([8, 8])
    assert outline(axes, np.zeros((3, 3), bool), (1.0, 1.0), "red", 1.0) is None


def test_the_bar_is_five_centimetres():
    axes = chart(2, 2).subplots()
    frame(axes, (50.0, 50.0), 200.0)
    draw_scale_bar(axes, 6)
    across = axes.lines[0].get_xdata()
    assert abs(across[1] - across[0]) == 50
    assert [text.get_text() for text in axes.texts] == ["5 cm"]
