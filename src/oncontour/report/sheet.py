"""Contact sheets of a data set: one axial slice a case, on two sequences, with the outlines of the regions."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence as Listed
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.labels import LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.data.doctor.problem import Slice
from oncontour.drawing.files import hexadecimal, png
from oncontour.drawing.slices import draw_scale_bar, frame, outline, seen_mm, write
from oncontour.drawing.style import shortened
from oncontour.drawing.views import AXIAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CASES_A_ROW, ROWS = 3, 5
"""Fifteen cases, thirty pictures: as many as still show an outline that is off by two voxels."""

PICTURE_INCHES, GAP_INCHES, TITLE_INCHES, HEAD_INCHES, MARGIN_INCHES = 2.0, 0.03, 0.27, 0.55, 0.12
CASE_GAP_INCHES = 0.16
DPI = 150

MARGIN_MM = 6.0
"""Room around the head."""

LINE_POINTS = (1.1, 0.9, 0.7)
"""From the outermost region in: where two outlines coincide, both stay visible."""

BAR_POINTS = 6.0
"""Of the letters at the bar."""

INK, PALE, DIM, ALARM = "#14171a", "#f2f2f2", "#9aa2aa", "#ff9d5c"


@dataclass(frozen=True)
class Panel:
    """A case on the sheet.

    Args:
        name: of the case.
        slice: what is drawn.
        note: what is wrong with it, in a few words; empty: nothing.
    """

    name: str
    slice: Slice
    note: str = ""


def overlay_sheets(panels: Listed[Panel], scheme: LabelScheme, title: str, dpi: int = DPI) -> list[bytes]:
    """PNG pictures that together show every case, in radiological orientation, all at one scale.

    Args:
        panels: in the order of the sheet.
        scheme: whose regions are outlined, in their colours.
        title: at the top of each sheet.
        dpi: pixels an inch; a case's picture is two inches wide.
    """
    size = CASES_A_ROW * ROWS
    pages = [panels[start : start + size] for start in range(0, len(panels), size)]
    side_mm = _side_mm(panels)
    numbers = [f"{title}  ·  sheet {n} of {len(pages)}" if len(pages) > 1 else title for n in range(1, len(pages) + 1)]
    return [
        png(_sheet(page, scheme, text, side_mm), dpi, smallest=True) for page, text in zip(pages, numbers, strict=True)
    ]


def _sheet(panels: Listed[Panel], scheme: LabelScheme, title: str, side_mm: float) -> Figure:
    from matplotlib.figure import Figure

    columns = min(CASES_A_ROW, len(panels))
    rows = -(-len(panels) // CASES_A_ROW)
    pictures = max(len(panel.slice.images) for panel in panels)
    case_width = pictures * PICTURE_INCHES + (pictures - 1) * GAP_INCHES
    case_height = PICTURE_INCHES + TITLE_INCHES + CASE_GAP_INCHES / 2
    width = max(6.0, columns * (case_width + CASE_GAP_INCHES) - CASE_GAP_INCHES + 2 * MARGIN_INCHES)
    height = HEAD_INCHES + rows * case_height + MARGIN_INCHES
    figure = Figure(figsize=(width, height), facecolor=INK)
    _write_head(figure, scheme, title, width, height)
    for number, panel in enumerate(panels):
        row, column = divmod(number, CASES_A_ROW)
        left = MARGIN_INCHES + column * (case_width + CASE_GAP_INCHES)
        top = height - HEAD_INCHES - row * case_height
        _write_case(figure, panel, left / width, (top - TITLE_INCHES * 0.55) / height, case_width / width)
        for n, (sequence, image) in enumerate(panel.slice.images.items()):
            corner = left + n * (PICTURE_INCHES + GAP_INCHES), top - TITLE_INCHES - PICTURE_INCHES
            axes = figure.add_axes(
                (corner[0] / width, corner[1] / height, PICTURE_INCHES / width, PICTURE_INCHES / height),
                facecolor="black",
            )
            _draw(axes, panel.slice, sequence, image, scheme, side_mm, bar=n == 0 and number == 0)
    return figure


def _write_head(figure: Figure, scheme: LabelScheme, title: str, width: float, height: float) -> None:
    y = 1 - 0.18 / height
    left = MARGIN_INCHES / width
    figure.text(left, y, title, color=PALE, fontsize=10, weight="bold", va="center")
    words = "axial slice of largest tumour area; the patient's right (R) is on the left of the picture"
    figure.text(left, y - 0.2 / height, words, color=DIM, fontsize=7.5, va="center")
    widths = [0.16 + 0.09 * len(region.name) + 0.12 for region in scheme.regions]
    x = width - MARGIN_INCHES - sum(widths)
    for region, taken in zip(scheme.regions, widths, strict=True):
        figure.text(x / width, y, "■", color=hexadecimal(region.colour), fontsize=10, va="center")
        figure.text((x + 0.16) / width, y, region.name, color=PALE, fontsize=8.5, weight="bold", va="center")
        x += taken


def _write_case(figure: Figure, panel: Panel, x: float, y: float, width: float) -> None:
    about = f"{AXIAL.position(panel.slice.height_mm)}"
    area = f"{panel.slice.area_mm2 / 100:.1f} cm²" if panel.slice.area_mm2 else "nothing marked"
    figure.text(x, y, shortened(panel.name, 30), color=PALE, fontsize=8, weight="bold", va="center")
    right = f"!  {shortened(panel.note, 40)}" if panel.note else f"{about}   {area}"
    figure.text(x + width, y, right, color=ALARM if panel.note else DIM, fontsize=7.5, ha="right", va="center")


def _draw(
    axes: Axes,
    shown: Slice,
    sequence: Sequence,
    image: NDArray[np.uint8],
    scheme: LabelScheme,
    side_mm: float,
    bar: bool,
) -> None:
    """Picture coordinates are mm along right and anterior."""
    low, high = _extent_mm(shown)
    middle = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
    draw_axial(axes, image, shown.spacing)
    for n, region in enumerate(scheme.regions):
        points = LINE_POINTS[min(n, len(LINE_POINTS) - 1)]
        mask = np.isin(shown.labels, scheme.values(region))
        outline(axes, mask, shown.spacing, hexadecimal(region.colour), points)
    frame_axial(axes, middle, side_mm, str(sequence))
    if bar:
        draw_scale_bar(axes, BAR_POINTS)


def draw_axial(axes: Axes, image: NDArray[np.uint8], spacing: tuple[float, float]) -> None:
    """An axial slice (i, j), whose axes grow to right and anterior, in mm from its low corner."""
    width, height = (size * step for size, step in zip(image.shape, spacing, strict=True))
    axes.imshow(
        image[::-1, ::-1].T, cmap="gray", vmin=0, vmax=255, extent=(width, 0, 0, height), interpolation="bicubic"
    )


def frame_axial(axes: Axes, middle_mm: tuple[float, float], side_mm: float, title: str) -> None:
    """A square of the slice in radiological orientation, with the letters of its sides and a title."""
    axes.set_aspect("auto")
    frame(axes, middle_mm, side_mm)
    for letter, place in ((AXIAL.left, 0.03), (AXIAL.right, 0.97)):
        write(axes, place, 0.5, letter, 7, PALE, ha="left" if place < 0.5 else "right", va="center")
    write(axes, 0.03, 0.97, title, 6.5, DIM, ha="left", va="top")


def _extent_mm(shown: Slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high corner, along right and anterior, of what is not black in the slice or marked."""
    seen = np.any([*(image > 0 for image in shown.images.values()), shown.labels > 0], axis=0)
    return seen_mm(seen, shown.spacing)


def _side_mm(panels: Collection[Panel]) -> float:
    """Side of the squares that hold every slice."""
    sizes = [high - low for low, high in (_extent_mm(panel.slice) for panel in panels)]
    return float(np.max(sizes)) + 2 * MARGIN_MM if sizes else 0.0
