"""A failed case in small: the slice with the outlines of reference and prediction."""

from __future__ import annotations

import numpy as np

from oncontour.drawing.files import png
from oncontour.drawing.slices import draw_scale_bar, outline, seen_mm
from oncontour.evaluate.evidence import Plane
from oncontour.report.sheet import (
    BAR_POINTS,
    GAP_INCHES,
    INK,
    MARGIN_MM,
    PICTURE_INCHES,
    draw_axial,
    frame_axial,
)

REFERENCE, PREDICTION = "#56b4e9", "#e69f00"
"""Sky blue and orange of Okabe and Ito's, which stay apart for the colour-blind and on grey."""

POINTS = 1.1
DPI = 130

MASKS_ALONE = "masks alone"


def thumbnail(plane: Plane) -> bytes:
    """A PNG: the slice on each of its images, or the masks alone, in radiological orientation."""
    from matplotlib.figure import Figure

    empty = np.zeros(plane.reference.shape, np.uint8)
    images = {str(sequence): image for sequence, image in plane.images.items()} or {MASKS_ALONE: empty}
    width = len(images) * (PICTURE_INCHES + GAP_INCHES) - GAP_INCHES
    figure = Figure(figsize=(width, PICTURE_INCHES), facecolor=INK)
    middle, side = _square_mm(plane)
    for n, (name, image) in enumerate(images.items()):
        place = (n * (PICTURE_INCHES + GAP_INCHES) / width, 0, PICTURE_INCHES / width, 1)
        axes = figure.add_axes(place, facecolor="black")
        draw_axial(axes, image, plane.spacing)
        for mask, colour in ((plane.reference, REFERENCE), (plane.predicted, PREDICTION)):
            outline(axes, mask, plane.spacing, colour, POINTS)
        frame_axial(axes, middle, side, name)
        if n == 0:
            draw_scale_bar(axes, BAR_POINTS)
    return png(figure, DPI, smallest=True)


def _square_mm(plane: Plane) -> tuple[tuple[float, float], float]:
    """Middle and side of the square that holds all that is not black or marked."""
    seen = np.any([plane.reference, plane.predicted, *(image > 0 for image in plane.images.values())], axis=0)
    low, high = seen_mm(seen, plane.spacing)
    middle = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
    return middle, float(np.max(high - low)) + 2 * MARGIN_MM
