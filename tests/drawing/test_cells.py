from __future__ import annotations

import numpy as np

from oncontour.drawing.cells import draw_cells, letters_on
from oncontour.drawing.style import INK, PAPER, chart


def test_letters_are_readable_on_both_ends_of_the_colours():
    axes = chart(3, 2).subplots()
    values = np.array([[0.0, 1.0, np.nan]])
    image = draw_cells(axes, values, [["low", "high", "none"]], "cividis", (0.0, 1.0), 7)
    assert [text.get_text() for text in axes.texts] == ["low", "high", "none"]
    assert [text.get_color() for text in axes.texts] == [PAPER, INK, INK]
    assert image.get_clim() == (0.0, 1.0)


def test_letters_have_the_larger_contrast():
    grey = [letters_on((share, share, share)) for share in np.linspace(0, 1, 21)]
    change = grey.index(INK)
    assert set(grey[:change]) == {PAPER}
    assert set(grey[change:]) == {INK}
    assert 0.4 < change / 20 < 0.6
