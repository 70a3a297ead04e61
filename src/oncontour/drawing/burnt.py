"""Slices of a series with the regions' outlines drawn into their pixels, for viewers that show nothing but images.

Every picture has the rows and columns of its slice: an outline's pixels belong to the mask, none is interpolated.
Letters, key and mark are the same on every slice of a series, and so are drawn once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oncontour.core.orientation import HEAD_FEET
from oncontour.core.volume import Volume
from oncontour.drawing.files import hexadecimal
from oncontour.drawing.slices import PALE, window, write

Colour = tuple[int, int, int]
"""sRGB, 0 to 255."""

MARK = "RESEARCH USE ONLY"

PIXELS_A_LINE = 256
"""An outline is one pixel wide on images of 256 pixels, two on those of 512."""

DASH_PIXELS = 3
"""Where outlines of several regions coincide, their colours take turns in dashes of this length."""

LETTER_SHARE, LEAST_LETTER_PIXELS = 1 / 24, 9.5
"""Height of the letters, as a share of the shorter side; smaller ones cannot be read."""

DPI = 72.0
"""A point is a pixel."""

EDGE_PIXELS = 2
"""Between the picture's edge and what is written."""

LINE_HEIGHT = 1.25

_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "H": "F", "F": "H"}


def edge_letters(axis_codes: str) -> tuple[str, str, str, str]:
    """Letters at the left, right, top and bottom edge of slices whose columns are i and rows are j.

    Args:
        axis_codes: of the volume's grid, nearest match for oblique slices.

    >>> edge_letters("LPS"), edge_letters("PIR")
    (('R', 'L', 'A', 'P'), ('A', 'P', 'H', 'F'))
    """
    right, bottom = axis_codes[:2].translate(HEAD_FEET)
    return _OPPOSITE[right], right, _OPPOSITE[bottom], bottom


def burnt_in(
    image: Volume,
    masks: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    colours: Sequence[Colour],
    title: str,
    key: Sequence[str],
) -> NDArray[np.uint8]:
    """Pictures (k, j, i, 3) of the slices of an image (i, j, k), rows and columns as in the image.

    Args:
        masks: (R, i, j, k), the regions, outermost first.
        inside: (i, j, k), where brightness is looked at (`window`).
        colours: of the R regions.
        title: what the image is.
        key: a line for each region.
    """
    low, high = window(image.array, inside)
    grey = np.clip((image.array - low) * (255 / (high - low)) + 0.5, 0, 255).astype(np.uint8)
    pictures = np.repeat(grey.transpose(2, 1, 0)[..., None], 3, axis=3)
    width = max(1, round(min(pictures.shape[1:3]) / PIXELS_A_LINE))
    for k in np.flatnonzero(masks.any(axis=(0, 1, 2))):
        draw_outlines(pictures[k], masks[..., k].transpose(0, 2, 1), colours, width)
    words = _words(pictures.shape[1], pictures.shape[2], edge_letters(image.grid.axis_codes), colours, title, key)
    written = words[..., 3] > 0
    share = words[written, 3:].astype(np.float32) / 255
    pictures[:, written] = np.rint(pictures[:, written] * (1 - share) + words[written, :3] * share).astype(np.uint8)
    return pictures


def draw_outlines(picture: NDArray[np.uint8], masks: NDArray[np.bool_], colours: Sequence[Colour], width: int) -> None:
    """Draw the outlines of masks (R, j, i) into a picture (j, i, 3)."""
    chosen = _shared(np.stack([_outline(mask, width) for mask in masks]), width)
    for lines, colour in zip(chosen, np.array(colours, np.uint8), strict=True):
        picture[lines] = colour


def _outline(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """The pixels of a mask (j, i) that are no further than `width` steps from what is outside."""
    core = np.pad(mask, width)
    for _ in range(width):
        padded = np.pad(core, 1)
        core = core & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~core[width:-width, width:-width]


def _shared(lines: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Outlines (R, j, i) of which each pixel keeps one: where several coincide they take turns."""
    row, column = np.indices(lines.shape[1:]) // (DASH_PIXELS * width)
    turn = (row + column) % np.maximum(lines.sum(axis=0), 1)
    return lines & (np.cumsum(lines, axis=0) - 1 == turn)


def _words(
    rows: int,
    columns: int,
    letters: tuple[str, str, str, str],
    colours: Sequence[Colour],
    title: str,
    key: Sequence[str],
) -> NDArray[np.uint8]:
    """What is written on every slice, (rows, columns, RGBA), transparent elsewhere."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns / DPI, rows / DPI), dpi=DPI)
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    size = max(LEAST_LETTER_PIXELS, LETTER_SHARE * min(rows, columns))
    x, y = EDGE_PIXELS / columns, EDGE_PIXELS / rows
    left, right, top, bottom = letters
    for letter, across, up, horizontal, vertical in (
        (left, x, 0.5, "left", "center"),
        (right, 1 - x, 0.5, "right", "center"),
        (top, 0.5, 1 - y, "center", "top"),
        (bottom, 0.5, y + LINE_HEIGHT * size / rows, "center", "bottom"),  # above the mark, which may be as wide
    ):
        write(axes, across, up, letter, size * 1.2, PALE, ha=horizontal, va=vertical, weight="bold")
    for n, (text, colour) in enumerate(
        [(title, PALE), *((line, hexadecimal(colour)) for line, colour in zip(key, colours, strict=True))]
    ):
        write(axes, x, 1 - y - n * LINE_HEIGHT * size / rows, text, size, colour, ha="left", va="top", weight="bold")
    write(axes, x, y, MARK, size, PALE, ha="left", va="bottom", weight="bold")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())
