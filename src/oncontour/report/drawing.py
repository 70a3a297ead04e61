"""What the montage and the contact sheets draw alike: square frames in mm, outlines, letters on pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet

SCALE_BAR_MM = 50.0

RIM_POINTS = 1.6
"""Width of the black rim that keeps a letter readable on bright tissue."""


def frame(axes: Axes, middle_mm: tuple[float, float], side_mm: float) -> None:
    """A square of mm along two RAS axes; both are turned, so that high ends lie left and on top."""
    x, y = middle_mm
    axes.set_xlim(x + side_mm / 2, x - side_mm / 2)
    axes.set_ylim(y - side_mm / 2, y + side_mm / 2)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def outline(
    axes: Axes, mask: NDArray[np.bool_], spacing: tuple[float, float], colour: str, points: float
) -> QuadContourSet | None:
    """The outline of a mask, in mm from the slice's low corner; None where the mask is empty.

    Args:
        mask: (across, up), along the axes of the frame.
        spacing: mm along both.
        points: width of the line.
    """
    if not mask.any():
        return None
    padded = np.pad(mask.astype(np.float32), 1).T
    x = (np.arange(padded.shape[1]) - 0.5) * spacing[0]
    y = (np.arange(padded.shape[0]) - 0.5) * spacing[1]
    return axes.contour(x, y, padded, levels=[0.5], colors=[colour], linewidths=points)


def write(axes: Axes, x: float, y: float, text: str, size: float, colour: str, **style: str) -> None:
    """Text on a picture, at a share of its width and height."""
    from matplotlib.patheffects import Normal, Stroke

    drawn = axes.text(x, y, text, transform=axes.transAxes, fontsize=size, color=colour, **style)  # pyright: ignore[reportArgumentType]
    drawn.set_path_effects([Stroke(linewidth=RIM_POINTS, foreground="black"), Normal()])
