"""The montage: three planes through the tumour on two sequences, with the outlines of the regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.drawing.files import hexadecimal, png
from oncontour.drawing.slices import DIM, PALE, draw_scale_bar, draw_slice, frame, outline, window, write
from oncontour.drawing.views import VIEWS, View, choose_slices
from oncontour.report.case import CaseReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_FIRST = (Sequence.T1CE, Sequence.FLAIR, Sequence.T2, Sequence.T1, Sequence.ADC)
"""The first two of these that the study has are shown: enhancement on one, oedema on the other."""

WIDTH_MM = 182.0
"""Width of the printed montage: A4 less its margins."""

GAP_MM = 0.4
"""Grey line between two pictures."""

DPI = 240
"""Two pixels for each millimetre of brain at the printed size: outlines are smooth, files stay near 1 MB."""

MARGIN_MM = 9.0
"""Room around the brain for letters."""

STRAY_SHARE = 0.01
"""Slices with less than this share of the brain's largest area do not widen the picture: stray voxels of its mask."""

OUTLINE_POINTS = (1.5, 1.1, 0.75)
"""Line widths from the outermost region in: where two outlines coincide, both stay visible."""

LINE, BOARD = "#454b52", "#000000"
LETTER_POINTS, TITLE_POINTS, SMALL_POINTS = 8.0, 8.0, 6.5


def montage_png(case: CaseReport, dpi: int = DPI) -> bytes:
    """The montage as a PNG."""
    return png(montage(case), dpi)


def montage(case: CaseReport) -> Figure:
    """Axial, coronal and sagittal slices (columns) of up to two sequences (rows), in radiological orientation.

    All pictures have one scale, each a bar of 5 cm. Without a tumour the slices run through the middle of the brain.
    """
    from matplotlib.figure import Figure

    regions, brain = case.regions.reoriented("RAS"), case.brain.reoriented("RAS")
    mask = brain.array.astype(bool)
    slices = choose_slices(regions.array.astype(bool, copy=False), mask)
    centre_mm, side_mm = _field_of_view(mask, brain.grid.spacing)
    shown = [sequence for sequence in SHOWN_FIRST if sequence in case.images][:2]
    panel_mm = (WIDTH_MM - 2 * GAP_MM) / 3
    height_mm = max(1, len(shown)) * (panel_mm + GAP_MM) - GAP_MM
    figure = Figure(figsize=(WIDTH_MM / 25.4, height_mm / 25.4), facecolor=LINE)
    for row, sequence in enumerate(shown):
        image = case.images[sequence].reoriented("RAS")
        limits = window(image.array, mask)
        for column, view in enumerate(VIEWS):
            left = column * (panel_mm + GAP_MM) / WIDTH_MM
            bottom = 1 - (row * (panel_mm + GAP_MM) + panel_mm) / height_mm
            axes = figure.add_axes((left, bottom, panel_mm / WIDTH_MM, panel_mm / height_mm), facecolor=BOARD)
            frame(axes, (centre_mm[view.across], centre_mm[view.up]), side_mm)
            draw_slice(axes, image, view, slices[view.axis], limits)
            _draw_outlines(axes, case, regions, view, slices)
            _write_letters(axes, view)
            _write_title(axes, sequence, view, image, slices)
            draw_scale_bar(axes, SMALL_POINTS)
            if row == 0 and view is VIEWS[-1] and regions.array.any():
                _write_legend(axes, case)
    return figure


def _field_of_view(brain: NDArray[np.bool_], spacing: tuple[float, float, float]) -> tuple[NDArray[np.float64], float]:
    """Middle of the brain along R, A, S in mm from the array's low corner, and the side of a square that holds it."""
    low, high = np.zeros(3), np.array(brain.shape, dtype=np.float64)
    if brain.any():
        for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
            area = np.count_nonzero(brain, axis=others)
            kept = np.flatnonzero(area >= STRAY_SHARE * area.max())
            low[axis], high[axis] = kept[0], kept[-1] + 1
    middle, size = (low + high) / 2 * spacing, (high - low) * spacing
    return middle, float(size.max() + 2 * MARGIN_MM)


def _draw_outlines(axes: Axes, case: CaseReport, regions: Volume, view: View, slices: tuple[int, int, int]) -> None:
    from matplotlib.patheffects import Normal, Stroke

    spacing = regions.grid.spacing[view.across], regions.grid.spacing[view.up]
    for n, region in enumerate(case.scheme.regions):
        plane = np.moveaxis(regions.array[n], view.axis, 0)[slices[view.axis]]
        width = OUTLINE_POINTS[min(n, len(OUTLINE_POINTS) - 1)]
        lines = outline(axes, plane, spacing, hexadecimal(region.colour), width)
        if lines is not None and n == 0:  # a dark edge lifts the outermost line off bright tissue
            lines.set_path_effects([Stroke(linewidth=width + 0.9, foreground="#00000099"), Normal()])


def _write_letters(axes: Axes, view: View) -> None:
    places = ((view.left, 0.02, 0.5), (view.right, 0.98, 0.5), (view.top, 0.5, 0.98), (view.bottom, 0.5, 0.02))
    alignments = (("left", "center"), ("right", "center"), ("center", "top"), ("center", "bottom"))
    for (letter, x, y), (horizontal, vertical) in zip(places, alignments, strict=True):
        write(axes, x, y, letter, LETTER_POINTS, PALE, ha=horizontal, va=vertical, weight="bold")


def _write_title(axes: Axes, sequence: Sequence, view: View, image: Volume, slices: tuple[int, int, int]) -> None:
    place = image.grid.to_world(slices)[view.axis]
    write(axes, 0.02, 0.98, str(sequence), TITLE_POINTS, PALE, ha="left", va="top", weight="bold")
    write(axes, 0.02, 0.925, f"{view.name}  {view.position(place)}", SMALL_POINTS, DIM, ha="left", va="top")


def _write_legend(axes: Axes, case: CaseReport) -> None:
    for n, region in enumerate(case.scheme.regions):
        y = 0.98 - 0.05 * n
        colour = hexadecimal(region.colour)
        write(axes, 0.98, y, region.name, LETTER_POINTS - 1, colour, ha="right", va="top", weight="bold")
