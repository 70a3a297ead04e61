"""What every picture of a slice draws alike: square frames in mm, brightness, outlines, letters, a bar of 5 cm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume
from oncontour.drawing.views import View, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import QuadContourSet

SCALE_BAR_MM = 50.0

PALE, DIM = "#f2f2f2", "#b9bec4"
"""Of letters and bars, and of what matters less, on black."""

WINDOW_PERCENTILES = (1.0, 99.5)
"""Brightness within the brain that is drawn as black and as white."""

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


def seen_mm(seen: NDArray[np.bool_], spacing: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high corner of what is to be seen of a slice, in mm from its own low corner; where nothing is, of all.

    Args:
        seen: (i, j).
        spacing: mm along i and j.

    >>> [corner.tolist() for corner in seen_mm(np.eye(4, dtype=bool)[:, :2], (1.0, 2.0))]
    [[0.0, 0.0], [2.0, 4.0]]
    """
    kept = seen if seen.any() else np.ones_like(seen)
    i, j = (np.flatnonzero(kept.any(axis=axis)) for axis in (1, 0))
    step = np.asarray(spacing, float)[:2]
    return np.array([i[0], j[0]]) * step, np.array([i[-1] + 1, j[-1] + 1]) * step


def window(image: NDArray, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Brightness to draw as black and as white; own to each image, whose intensities have no unit.

    Args:
        image: any shape.
        inside: of the same shape, what is looked at; where it is empty, everything.
    """
    seen = image[inside] if inside.any() else image.ravel()
    low, high = np.percentile(seen[:: max(1, seen.size // 200_000)], WINDOW_PERCENTILES)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def draw_slice(axes: Axes, image: Volume, view: View, index: int, limits: tuple[float, float]) -> None:
    """A slice of an image in RAS, in grey, in mm from the array's low corner.

    Args:
        index: along the view's axis.
        limits: brightness that is black, and white.
    """
    pixels = picture(image.array, view, index).astype(np.float32)
    height, width = np.array(pixels.shape) * (image.grid.spacing[view.up], image.grid.spacing[view.across])
    low, high = limits
    axes.imshow(
        pixels, cmap="gray", vmin=low, vmax=high, extent=(width, 0, 0, height), interpolation="bicubic", aspect="auto"
    )


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


def draw_scale_bar(axes: Axes, small_points: float) -> None:
    """A bar of 5 cm at the lower right of a frame, with letters of that size."""
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    end = right + 0.03 * (left - right)
    y = low + 0.03 * (high - low)
    axes.plot([end, end + SCALE_BAR_MM], [y, y], color=PALE, linewidth=1.4, solid_capstyle="butt")
    write(axes, 0.97, 0.042, f"{SCALE_BAR_MM / 10:.0f} cm", small_points, DIM, ha="right", va="bottom")
