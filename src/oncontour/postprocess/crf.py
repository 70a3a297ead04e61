"""A fully connected conditional random field over probabilities (Krähenbühl 2011; Kamnitsas 2017, DeepMedic)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from scipy.special import expit, logit

from oncontour.core.box import Box, bounding_box
from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.postprocess.permutohedral import lattice

NEGLIGIBLE = 0.01
"""Odds against those of the threshold below which a voxel that is far from all others above them stays as it is."""
REACH = 3.0
"""Standard deviations of the wider kernel that are computed around voxels that are not negligible."""
TRUNCATION = 4.0
"""Standard deviations at which the smoothness kernel ends."""
SATURATION = 1e-6
"""Probabilities are taken to be this far from 0 and 1 at least: a certainty has no finite logit."""


@dataclass(frozen=True)
class CrfSettings:
    """How much neighbours count; distances are standard deviations of Gaussians.

    Weights, distances and iterations are the defaults of the program that came with DeepMedic (for 1 mm voxels).

    Args:
        iterations: of mean field.
        smoothness_weight: of neighbours that are near, whatever they look like.
        smoothness_mm: how near.
        appearance_weight: of neighbours that are near and look alike.
        appearance_mm: how near.
        appearance_intensity: how alike, in units of the images; one for all, or one an image.
    """

    iterations: int = 5
    smoothness_weight: float = 3.0
    smoothness_mm: float = 3.0
    appearance_weight: float = 5.0
    appearance_mm: float = 5.0
    appearance_intensity: float | tuple[float, ...] = 0.3

    def __post_init__(self) -> None:
        intensity = self.appearance_intensity
        spreads = intensity if isinstance(intensity, tuple) else (intensity,)
        numbers = {
            "iterations": (self.iterations, self.iterations >= 0),
            "smoothness_weight": (self.smoothness_weight, self.smoothness_weight >= 0),
            "smoothness_mm": (self.smoothness_mm, self.smoothness_mm > 0),
            "appearance_weight": (self.appearance_weight, self.appearance_weight >= 0),
            "appearance_mm": (self.appearance_mm, self.appearance_mm > 0),
            "appearance_intensity": (intensity, len(spreads) > 0 and all(spread > 0 for spread in spreads)),
        }
        for name, (value, fits) in numbers.items():
            if not fits:
                expected = "a positive number" if name.endswith(("mm", "intensity")) else "0 or more"
                raise InputError(f"crf: {name}", str(value), expected, "Correct the postprocessing of the plan.")


def dense_crf(
    probabilities: NDArray[np.floating],
    images: NDArray[np.floating],
    spacing: tuple[float, float, float],
    settings: CrfSettings | None = None,
    threshold: float | Sequence[float] = 0.5,
) -> NDArray[np.float32]:
    """Probabilities that agree with those of near and alike voxels; each region on its own, as its sigmoid is.

    Every voxel is joined to every other one. Mean field: with k one of two kernels, normalised,

        logit q_i = logit p_i + sum over kernels of weight * (sum over j != i of k_ij (2 q_j - 1)) / sum over j of k_ij

    starting from q = p, logits counted from that of `threshold`. The smoothness kernel is a Gaussian of the distance,
    the appearance kernel one of the distance and of the difference of all images. A voxel's own value is not among its
    neighbours', but counts in the normalisation: one like no other keeps what the network said of it. The first kernel
    is a separable convolution that ends at 4 standard deviations; the second an approximation on the permutohedral
    lattice (Adams 2010), close where voxels have many alike, and coarser the more images tell them apart.

    Voxels where every image is exactly 0 are outside the brain: they have no vote and do not change; neither do those
    farther than three standard deviations of the wider kernel from every voxel that is not negligible (odds of a
    hundredth of the threshold's).

    Args:
        probabilities: (R, i, j, k), 0 to 1.
        images: (C, i, j, k), normalised; those on which the regions can be told apart.
        spacing: mm along each axis.
        settings: default `CrfSettings()`.
        threshold: probability above which a voxel will be taken for the region, and so votes for it; one for all, or
            one a region.

    Returns:
        (R, i, j, k), 0 to 1.

    Raises:
        GeometryError: shapes that differ, or a spacing that is not positive.
        ImageContentError: values that are NaN or infinite, or probabilities below 0 or above 1.
        InputError: not one `appearance_intensity` an image, or one threshold a region.
    """
    settings = settings or CrfSettings()
    spreads = _check(probabilities, images, spacing, settings, threshold)
    found = probabilities.astype(np.float32)  # a copy
    zero = _logit(np.full(len(found), threshold, np.float32))
    likely = np.any(found > expit(zero + np.log(np.float32(NEGLIGIBLE)))[:, None, None, None], axis=0)
    box = _reach(np.asarray(likely), spacing, settings)
    if box is None or settings.iterations == 0:
        return found
    inside = (images[:, *box] != 0).any(axis=0)
    if not inside.any():
        return found
    place = np.argwhere(inside).astype(np.float32)
    prior = _logit(found[:, *box][:, inside]) - zero[:, None]
    alike = images[:, *box][:, inside].T.astype(np.float32)
    features = np.concatenate((place * np.array(spacing, np.float32) / settings.appearance_mm, alike / spreads), axis=1)
    appearance = lattice(features.astype(np.float32))
    ones = np.ones((len(place), 1), np.float32)
    appearance_sum = appearance.filter(ones)
    appearance_own = np.minimum(appearance.own[:, None], appearance_sum)  # less where the lattice has gaps
    kernels = [_gaussian(settings.smoothness_mm / step) for step in spacing]
    smoothness_sum = _smooth(ones, inside, kernels)

    logits = prior
    for _ in range(settings.iterations):
        votes = np.tanh(logits.T / 2)  # 2 q - 1
        near = (_smooth(votes, inside, kernels) - votes) / smoothness_sum
        like = (appearance.filter(votes) - appearance_own * votes) / appearance_sum
        logits = prior + (settings.smoothness_weight * near + settings.appearance_weight * like).T
    found[:, *box][:, inside] = expit(logits + zero[:, None])
    return found


def _logit(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    return logit(np.clip(probabilities, SATURATION, 1 - SATURATION))


def _gaussian(deviation: float) -> NDArray[np.float32]:
    """A Gaussian at the whole numbers up to `TRUNCATION` standard deviations on each side; 1 in the middle."""
    radius = int(np.ceil(TRUNCATION * deviation))
    return np.exp(-0.5 * (np.arange(-radius, radius + 1) / deviation) ** 2).astype(np.float32)


def _smooth(
    values: NDArray[np.float32], inside: NDArray[np.bool_], kernels: list[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Sums of values (n, R) of the n voxels inside, weighted along each axis by its kernel."""
    sums = np.empty_like(values)
    volume = np.zeros(inside.shape, np.float32)
    for channel in range(values.shape[1]):
        volume[inside] = values[:, channel]
        smooth = volume
        for axis, kernel in enumerate(kernels):
            smooth = correlate1d(smooth, kernel, axis, mode="constant")
        sums[:, channel] = smooth[inside]
    return sums


def _reach(likely: NDArray[np.bool_], spacing: tuple[float, float, float], settings: CrfSettings) -> Box | None:
    """The box of the likely voxels, and `REACH` around it."""
    box = bounding_box(likely)
    if box is None:
        return None
    reach = REACH * max(settings.smoothness_mm, settings.appearance_mm)
    i, j, k = (
        slice(max(side.start - int(np.ceil(reach / step)), 0), side.stop + int(np.ceil(reach / step)))
        for side, step in zip(box, spacing, strict=True)
    )
    return i, j, k


def _check(
    probabilities: NDArray[np.floating],
    images: NDArray[np.floating],
    spacing: tuple[float, float, float],
    settings: CrfSettings,
    threshold: float | Sequence[float],
) -> NDArray[np.float32]:
    """The standard deviation of each image."""
    if probabilities.ndim != 4 or images.ndim != 4 or probabilities.shape[1:] != images.shape[1:]:
        found = f"probabilities {probabilities.shape}, images {images.shape}"
        raise GeometryError("crf", found, "(R, i, j, k) and (C, i, j, k)", "Bring both to one grid.")
    if len(spacing) != 3 or not all(0 < step < np.inf for step in spacing):
        raise GeometryError("crf: spacing", str(spacing), "three positive numbers of mm", "Take them from the affine.")
    low, high = float(probabilities.min()), float(probabilities.max())
    if not (low >= 0 and high <= 1):  # written so that NaN fails too
        remedy = "Apply the sigmoid; NaN means that the network or its input is damaged."
        raise ImageContentError("crf: probabilities", f"values from {low:.4g} to {high:.4g}", "0 to 1", remedy)
    if not np.isfinite(images).all():
        raise ImageContentError("crf: images", "NaN or infinite values", "finite values", "Repair the image.")
    levels = np.atleast_1d(threshold)
    if levels.shape not in ((1,), (len(probabilities),)) or not ((levels > 0) & (levels < 1)).all():
        expected = f"between 0 and 1, one or {len(probabilities)} as there are regions"
        raise InputError("crf: threshold", str(threshold), expected, "Correct the postprocessing of the plan.")
    spreads = np.atleast_1d(np.asarray(settings.appearance_intensity, np.float32))
    if len(spreads) not in (1, len(images)):
        expected = f"1, or {len(images)} as there are images"
        remedy = "Correct the postprocessing of the plan."
        raise InputError("crf: appearance_intensity", f"{len(spreads)} numbers", expected, remedy)
    return spreads
