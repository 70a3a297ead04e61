"""Probabilities whose edges are those of the images: the guided filter (He, Sun and Tang 2013), with several guides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from oncontour.core.box import Box, bounding_box, widened
from oncontour.core.errors import GeometryError, ImageContentError, InputError

NEGLIGIBLE = 0.05
"""Where a region's probability exceeds this nowhere within two windows, it becomes 0."""

LIMITS = (-3.0, 5.0)
"""Normalised intensities beyond are cut: one vessel must not bend the line that is fitted to a whole window."""


@dataclass(frozen=True)
class GuidedSettings:
    """How far a voxel is explained by its neighbours.

    Args:
        radius_mm: half the side of a window.
        contrast: a difference of normalised intensity that counts as an edge; well below, a window is smoothed.
    """

    radius_mm: float = 5.0
    contrast: float = 0.15

    def __post_init__(self) -> None:
        for name, value in (("radius_mm", self.radius_mm), ("contrast", self.contrast)):
            if not value > 0:
                remedy = "Correct the postprocessing of the plan."
                raise InputError(f"guided: {name}", str(value), "a positive number", remedy)


def guided(
    probabilities: NDArray[np.floating],
    images: NDArray[np.floating],
    spacing: tuple[float, float, float],
    settings: GuidedSettings | None = None,
) -> NDArray[np.float32]:
    """Probabilities that follow the images' edges.

    In each window around a voxel the probability is fitted as a linear function of all images there (ridge regression,
    the ridge being `contrast` squared); a voxel gets the mean of the fits of all windows that hold it. A network that
    works on a coarser grid knows an edge to one of its voxels, the images know it better. Cost does not depend on the
    radius.

    Voxels where every image is exactly 0 are outside the brain: they guide nothing and become 0.

    Args:
        probabilities: (R, i, j, k), 0 to 1.
        images: (C, i, j, k), normalised.
        spacing: mm along each axis.
        settings: default `GuidedSettings()`.

    Returns:
        (R, i, j, k), 0 to 1.

    Raises:
        GeometryError: shapes that differ, or a spacing that is not positive.
        ImageContentError: values that are NaN or infinite.
    """
    settings = settings or GuidedSettings()
    _check(probabilities, images, spacing)
    found = np.zeros(probabilities.shape, np.float32)
    radius = [max(round(settings.radius_mm / step), 1) for step in spacing]
    for region, probability in enumerate(probabilities):
        box = _reach(probability, radius)
        if box is not None:
            found[region, *box] = _filtered(probability[box], images[:, *box], radius, settings.contrast**2)
    return found


def _filtered(
    probability: NDArray[np.floating], images: NDArray[np.floating], radius: list[int], ridge: float
) -> NDArray[np.float32]:
    """One probability (i, j, k) guided by the images (C, i, j, k)."""
    guides: list[NDArray[np.float32]] = list(np.clip(images, *LIMITS).astype(np.float32))
    said = probability.astype(np.float32)
    inside = (images != 0).any(axis=0)
    mean = _window_mean(inside, radius)
    means = [mean(guide) for guide in guides]
    count = range(len(guides))
    factor: _Triangle = {}
    for i in count:
        for j in range(i + 1):
            factor[i, j] = np.asarray(mean(guides[i] * guides[j]) - means[i] * means[j], np.float32)
        factor[i, i] += np.float32(ridge)
    _cholesky(factor, len(guides))
    level = mean(said)
    shared = [np.asarray(mean(guides[i] * said) - means[i] * level, np.float32) for i in count]
    slopes = _solved(factor, shared)
    for i in count:
        level -= slopes[i] * means[i]
    fitted = mean(level)
    for i in count:
        fitted += mean(slopes[i]) * guides[i]
    return np.clip(fitted, 0.0, 1.0) * inside


_Triangle = dict[tuple[int, int], NDArray[np.float32]]
"""The lower half of a symmetric matrix at every voxel, by row and column."""


def _window_mean(inside: NDArray[np.bool_], radius: list[int]) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Means over boxes of 2 radius + 1 voxels, of the voxels inside alone."""
    size = [2 * one + 1 for one in radius]
    weight = inside.astype(np.float32)
    share = np.maximum(uniform_filter(weight, size, mode="constant"), np.float32(1e-6))
    return lambda values: uniform_filter(values * weight, size, mode="constant") / share


def _cholesky(matrix: _Triangle, count: int) -> None:
    """The Cholesky factor of a positive definite matrix at every voxel, in its place."""
    for j in range(count):
        for k in range(j):
            matrix[j, j] -= matrix[j, k] ** 2
        matrix[j, j] = np.sqrt(np.maximum(matrix[j, j], np.float32(1e-6)))
        for i in range(j + 1, count):
            for k in range(j):
                matrix[i, j] -= matrix[i, k] * matrix[j, k]
            matrix[i, j] /= matrix[j, j]


def _solved(factor: _Triangle, right: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """x of L L^T x = right at every voxel; `right` is used up."""
    count = len(right)
    for i in range(count):
        for k in range(i):
            right[i] -= factor[i, k] * right[k]
        right[i] /= factor[i, i]
    for i in reversed(range(count)):
        for k in range(i + 1, count):
            right[i] -= factor[k, i] * right[k]
        right[i] /= factor[i, i]
    return right


def _reach(probability: NDArray[np.floating], radius: list[int]) -> Box | None:
    """The box of what is not negligible, and two windows around it: nothing farther can change it."""
    box = bounding_box(np.asarray(probability > NEGLIGIBLE))
    return None if box is None else widened(box, 2 * max(radius))


def _check(
    probabilities: NDArray[np.floating], images: NDArray[np.floating], spacing: tuple[float, float, float]
) -> None:
    if probabilities.ndim != 4 or images.ndim != 4 or probabilities.shape[1:] != images.shape[1:]:
        found = f"probabilities {probabilities.shape}, images {images.shape}"
        raise GeometryError("guided", found, "(R, i, j, k) and (C, i, j, k)", "Bring both to one grid.")
    if not all(step > 0 for step in spacing):
        raise GeometryError("guided", f"spacing {spacing}", "positive mm", "Pass the grid's spacing.")
    for name, values in (("probabilities", probabilities), ("images", images)):
        if not np.isfinite(values).all():
            remedy = "The network or its input is damaged."
            raise ImageContentError(f"guided: {name}", "values that are NaN or infinite", "numbers", remedy)
