"""A case as a hospital's scanner gives it: every series with slices, field of view and patient position of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.box import bounding_box
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.phantom.artefacts import failed_fits, noise
from oncontour.data.phantom.case import PhantomCase
from oncontour.data.phantom.deform import rotation
from oncontour.data.phantom.image import ADC_UNIT
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.separable import blur

MOTION_MM, MOTION_DEG = 1.0, 1.0
"""Deviation, along and about each axis, of how a patient moves between two series."""

OBLIQUE_DEG = (8.0, 2.0, 2.0)
"""Deviation of a 2D series' tilt about the left-right, front-back and foot-head axes: planes follow the skull base."""

FIELD_OF_VIEW = (1.0, 1.2)
"""In-plane extent as a share of the head's."""

PIXEL_MM = (0.45, 1.0)
ADC_PIXEL_MM = (1.4, 2.0)
SLICE_MM = (4.0, 6.0)
GAP = (0.0, 0.2)
"""Gap between slices as a share of their distance."""

THREE_D_MM = (0.9, 1.1)

THREE_D_SHARE = {Sequence.T1: 0.1, Sequence.T1CE: 1.0, Sequence.T2: 0.1, Sequence.FLAIR: 0.25, Sequence.ADC: 0.0}
"""How often a sequence is acquired in 3D (paper 002, S2.3, and clinical habit)."""


@dataclass(frozen=True, eq=False)
class Series:
    """The geometry of one series.

    Args:
        acquisition: "2D" or "3D".
        grid: of the series, in the scanner's world.
        thickness_mm: of a slice, along the third axis.
        motion: (4, 4), position in the head (the truth's world) -> position in the scanner, mm.
    """

    acquisition: Literal["2D", "3D"]
    grid: Grid
    thickness_mm: float
    motion: NDArray[np.float64]


def draw_series(rng: np.random.Generator, sequence: Sequence, case: PhantomCase, reference: bool) -> Series:
    """Draw a series' geometry; the reference's motion is none, since the truth is drawn on it."""
    image = next(iter(case.images.values()))
    box = bounding_box(image > 0)
    assert box is not None, "an image has voxels"
    low, high = (np.array([getattr(part, end) for part in box]) - 0.5 for end in ("start", "stop"))
    whole = Grid((image.shape[0], image.shape[1], image.shape[2]), case.affine)
    extent = (high - low) * np.array(whole.spacing)
    middle = whole.to_world((low + high - 1) / 2)
    if rng.random() < THREE_D_SHARE[sequence]:
        acquisition, turn = "3D", rotation(np.deg2rad(rng.normal(0, 2.0, 3)))
        spacing = np.full(3, rng.uniform(*THREE_D_MM))
        thickness = float(spacing[2])
    else:
        acquisition, turn = "2D", rotation(np.deg2rad(rng.normal(0, OBLIQUE_DEG)))
        pixel = rng.uniform(*(ADC_PIXEL_MM if sequence is Sequence.ADC else PIXEL_MM))
        spacing = np.array([pixel, pixel, rng.uniform(*SLICE_MM)])
        thickness = float(spacing[2] * (1 - rng.uniform(*GAP)))
    fields = np.array([*rng.uniform(*FIELD_OF_VIEW, 2), 1.05])
    sizes = np.ceil(extent * fields / spacing).astype(int)
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = middle + rng.normal(0, 3.0, 3) - affine[:3, :3] @ ((sizes - 1) / 2)
    motion = np.eye(4)
    if not reference:
        motion[:3, :3] = rotation(np.deg2rad(rng.normal(0, MOTION_DEG, 3)))
        motion[:3, 3] = rng.normal(0, MOTION_MM, 3)
    return Series(acquisition, Grid((int(sizes[0]), int(sizes[1]), int(sizes[2])), affine), thickness, motion)


def _to_case(series: Series, case: PhantomCase) -> NDArray[np.float64]:
    """(4, 4), voxel index of the series -> voxel index of the case."""
    return np.linalg.inv(case.affine) @ np.linalg.inv(series.motion) @ series.grid.affine


def acquire(rng: np.random.Generator, sequence: Sequence, case: PhantomCase, series: Series) -> Volume:
    """Scan one sequence: average over the slice's thickness, then noise.

    Args:
        case: made with `Spec(clean=True)`.

    Returns:
        (i, j, k) float32 in the units of the case's images, on the series' grid.
    """
    matrix = _to_case(series, case)
    spacing = float(np.linalg.norm(case.affine[:3, 0]))
    unit = np.float32(ADC_UNIT if sequence is Sequence.ADC else 1.0)
    image = case.images[sequence] / unit
    coarse = series.grid.spacing[0] / spacing
    if coarse > 1.2:
        image = blur(image, 0.42 * coarse)
    steps = max(1, int(np.ceil(series.thickness_mm / spacing)))
    share = series.thickness_mm / series.grid.spacing[2]
    scan = np.zeros(series.grid.shape, np.float32)
    for offset in (np.arange(steps) + 0.5) / steps - 0.5:
        scan += _sampled(image, matrix, offset * share, series.grid.shape, order=1)
    scan /= steps
    scan = noise(rng, scan)
    if sequence is Sequence.ADC:
        fluid = _sampled((case.parts >= Part.NECROSIS).astype(np.float32), matrix, 0.0, series.grid.shape, order=0)
        scan = failed_fits(rng, scan, fluid > 0)
    return Volume(scan * unit, series.grid.affine)


def truth_on(series: Series, case: PhantomCase, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A label map of the case on the grid of a series, where its slices' middles are."""
    return _sampled(labels, _to_case(series, case), 0.0, series.grid.shape, order=0)


def _sampled(
    image: NDArray, matrix: NDArray[np.float64], slice_offset: float, shape: tuple[int, int, int], order: int
) -> NDArray:
    offset = matrix[:3, :3] @ np.array([0.0, 0.0, slice_offset]) + matrix[:3, 3]
    return ndimage.affine_transform(image, matrix[:3, :3], offset, shape, order=order, output=image.dtype)
