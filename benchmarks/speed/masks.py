"""Three nested regions of a tumour and of what was found of it, in an image of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

REGIONS = ("WT", "TC", "ET")
RADII = (0.5, 0.33, 0.2)
"""Of each region, in half edges of the box around the tumour."""

KINDS = ("one tumour", "one tumour and a distant false positive")


def label_maps(shape: tuple[int, ...], kind: str, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Prediction and reference (i, j, k): 2 oedema, 1 core, 3 enhancing, as in BraTS.

    Args:
        shape: of the image; the tumour takes a box of 0.4 of each edge.
        kind: of `KINDS`.
        seed: of its shape.
    """
    rng = np.random.default_rng(seed)
    ref, pred = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    size = tuple(max(6, round(0.4 * one)) for one in shape)
    place = tuple(slice(round(0.25 * one), round(0.25 * one) + inner) for one, inner in zip(shape, size, strict=True))
    axes = np.meshgrid(*(np.linspace(-1, 1, one) for one in size), indexing="ij")
    distance = np.sqrt(sum(axis**2 for axis in axes))
    bumps = _rough(rng, size)
    ref[place] = _labels(distance + 0.25 * bumps)
    pred[place] = _labels(distance + 0.25 * bumps + 0.06 * _rough(rng, size))
    if kind == KINDS[1]:
        pred[tuple(slice(round(0.9 * one), round(0.9 * one) + 3) for one in shape)] = 3
    return pred, ref


def _rough(rng: np.random.Generator, size: tuple[int, ...]) -> NDArray[np.float64]:
    field = gaussian_filter(rng.standard_normal(size), 3)
    return field / field.std()


def _labels(field: NDArray[np.float64]) -> NDArray[np.uint8]:
    labels = np.zeros(field.shape, np.uint8)
    for radius, value in zip(RADII, (2, 1, 3), strict=True):
        labels[field < radius * 1.6] = value
    return labels


def regions(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(3, i, j, k) of `REGIONS`."""
    return np.stack([labels > 0, (labels == 1) | (labels == 3), labels == 3])


def save(path: Path, shape: tuple[int, ...], kind: str) -> Path:
    """Write both as boolean regions, for the contenders' processes."""
    pred, ref = label_maps(shape, kind)
    np.savez(path, pred=regions(pred), ref=regions(ref))
    return path
