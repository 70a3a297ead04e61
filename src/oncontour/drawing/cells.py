"""Heat maps: numbers in coloured cells, readable on both ends of the colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.drawing.style import INK, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

BETWEEN_POINTS = 1.5
"""Width of the lines between cells."""


def draw_cells(
    axes: Axes,
    values: NDArray[np.float64],
    words: Sequence[Sequence[str]],
    colours: str,
    limits: tuple[float, float],
    points: float,
) -> AxesImage:
    """A cell a value, with its words in ink or in the colour of paper, whichever is easier to read on it.

    Args:
        values: (rows, columns); NaN leaves a cell without colour.
        words: as many.
        colours: name of a colour map.
        limits: values at its ends.
        points: size of the letters.
    """
    low, high = limits
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="nearest")
    for row, texts in enumerate(words):
        for column, text in enumerate(texts):
            value = values[row, column]
            colour = INK if np.isnan(value) else letters_on([float(part) for part in image.to_rgba(value)[:3]])
            axes.text(column, row, text, ha="center", va="center", fontsize=points, color=colour)
    rows, columns = values.shape
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=PAPER, linewidth=BETWEEN_POINTS)
    axes.tick_params(which="both", length=0, colors=INK)
    axes.spines[:].set_visible(False)
    return image


def letters_on(colour: Sequence[float]) -> str:
    """The colour of letters that stands out more on a colour (contrast as in WCAG 2).

    Args:
        colour: sRGB from 0 to 1.

    >>> letters_on((1, 1, 1)), letters_on((0, 0.13, 0.30))
    ('#1b1f24', 'white')
    """

    behind = _luminance(colour)
    ink = _luminance([int(INK[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return INK if (behind + 0.05) / (ink + 0.05) > 1.05 / (behind + 0.05) else PAPER


def _luminance(colour: Sequence[float]) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
