"""Bring an image onto another voxel grid.

All work is done between voxel indices: output index -> input index is one affine map, whatever orientation, obliquity
or shear the two grids have. SimpleITK does the interpolation (measured on 2 cores, 256 x 256 x 176 to 180 x 200 x 160,
linear: 0.16 s; scipy 1.04 s; torch 1.08 s).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError
from oncontour.core.grid import Grid
from oncontour.core.volume import Volume

Order = Literal[0, 1, 3]

EXACT_TOLERANCE_VOXELS = 1e-3
"""Grids whose voxels coincide within a thousandth of a voxel are copied, not interpolated: header noise, not motion."""

SIGMA_PER_VOXEL = 0.4247
"""Standard deviation of a Gaussian whose full width at half maximum is one output voxel: 1 / sqrt(8 ln 2)."""

BLUR_REACH = 3.0
"""Standard deviations after which that Gaussian is cut off."""


def index_map(source: Grid, target: Grid, transform: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """(4, 4) matrix from voxel index of `target` to voxel index of `source`.

    Args:
        transform: (4, 4), target's world -> source's world in mm; None: the same world.
    """
    world = np.eye(4) if transform is None else np.asarray(transform, dtype=np.float64)
    if world.shape != (4, 4):
        raise GeometryError("transform", f"shape {world.shape}", "(4, 4)", "Give one homogeneous matrix.")
    return source.inverse @ world @ target.affine


def blur_sigmas(matrix: NDArray[np.float64]) -> list[float]:
    """How far each input axis is blurred before it is sampled, in voxels; 0 where the output is no coarser.

    Args:
        matrix: (4, 4), as of `index_map`.
    """
    steps = np.linalg.norm(matrix[:3, :3], axis=1)
    return [SIGMA_PER_VOXEL * float(np.sqrt(step**2 - 1.0)) if step > 1.0 + 1e-2 else 0.0 for step in steps]


def resample(
    volume: Volume, grid: Grid, transform: NDArray[np.float64] | None = None, order: Order = 1, fill: float = 0.0
) -> Volume:
    """The volume's voxels as seen from another grid.

    Voxels that coincide (integer crops, flips, transpositions) are copied exactly. Where the target is coarser, a
    Gaussian whose width at half maximum is the target's spacing removes what it cannot hold (order 1 and 3).

    Args:
        volume: (i, j, k) of any number type. A boolean volume with order 1 or 3 is thresholded at one half, which
            leaves fewer steps than order 0 between oblique grids.
        grid: where to sample.
        transform: (4, 4), the grid's world -> the volume's world in mm (as `Prepared.transforms`).
        order: 0 nearest, 1 linear, 3 cubic B-spline.
        fill: value outside the volume.

    Returns:
        A volume on `grid`, of the input's type for order 0 and exact copies, bool for bool, else float32.
    """
    if volume.array.ndim != 3:
        raise GeometryError("resample", f"shape {volume.array.shape}", "(i, j, k)", "Use resample_channels.")
    matrix = index_map(volume.grid, grid, transform)
    copied = _copy(volume.array, matrix, grid.shape, fill)
    if copied is not None:
        return Volume(copied, grid.affine)
    if volume.array.dtype == np.bool_:
        if order == 0:
            inside = _interpolate(volume.array.astype(np.uint8), matrix, grid.shape, 0, fill)
            return Volume(inside.astype(np.bool_), grid.affine)
        inside = _interpolate(_antialias(volume.array.astype(np.float32), matrix), matrix, grid.shape, order, fill)
        return Volume(inside >= 0.5, grid.affine)
    if order == 0:
        return Volume(_interpolate(volume.array, matrix, grid.shape, 0, fill), grid.affine)
    smooth = _antialias(np.asarray(volume.array, dtype=np.float32), matrix)
    return Volume(_interpolate(smooth, matrix, grid.shape, order, fill), grid.affine)


def resample_channels(
    channels: Iterable[NDArray],
    source: Grid,
    grid: Grid,
    transform: NDArray[np.float64] | None = None,
    order: Order = 1,
    fill: float = 0.0,
) -> Iterator[NDArray]:
    """Resample probabilities or logits one channel at a time, so that only one is in memory on the target grid.

    Args:
        channels: (i, j, k) arrays on `source`; a (channels, i, j, k) array is one such iterable.
        source: the grid of every channel.
        grid, transform, order, fill: as in `resample`; for logits give a `fill` that is clearly background.

    Yields:
        (i, j, k) float32 on `grid`, in the order of the channels.
    """
    for channel in channels:
        yield resample(Volume(np.asarray(channel, np.float32), source.affine), grid, transform, order, fill).array


def _copy(array: NDArray, matrix: NDArray[np.float64], shape: tuple[int, int, int], fill: float) -> NDArray | None:
    """The output where the index map only permutes, flips and shifts whole voxels; None where it does more."""
    nearest = np.rint(matrix)
    linear = nearest[:3, :3]
    if not (np.abs(linear).sum(axis=0) == 1).all() or not (np.abs(linear).sum(axis=1) == 1).all():
        return None
    last = np.array(shape) - 1
    corners = np.array([[(n >> axis & 1) * last[axis] for axis in range(3)] for n in range(8)])
    if np.abs(corners @ (matrix - nearest)[:3, :3].T + (matrix - nearest)[:3, 3]).max() > EXACT_TOLERANCE_VOXELS:
        return None
    order = [int(np.abs(linear[:, n]).argmax()) for n in range(3)]
    out = np.full(shape, fill, dtype=array.dtype)
    reads, writes = [slice(None)] * 3, []
    for n, axis in enumerate(order):
        step, start = int(linear[axis, n]), int(nearest[axis, 3])
        first, final = (0, array.shape[axis] - 1) if step > 0 else (array.shape[axis] - 1, 0)
        low = max(0, (first - start) * step)
        high = min(shape[n], (final - start) * step + 1)
        if high <= low:
            return out
        writes.append(slice(low, high))
        begin, end = start + step * low, start + step * high
        reads[axis] = slice(begin, end if end >= 0 else None, step)
    out[tuple(writes)] = array[tuple(reads)].transpose(order)
    return out


def _antialias(array: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter1d

    for axis, sigma in enumerate(blur_sigmas(matrix)):
        if sigma:
            array = gaussian_filter1d(array, sigma, axis=axis, mode="nearest", truncate=BLUR_REACH)
    return array


def _interpolate(
    array: NDArray, matrix: NDArray[np.float64], shape: tuple[int, int, int], order: Order, fill: float
) -> NDArray:
    """Sample at matrix @ index. The images lie at the origin with unit spacing: the affine holds all the geometry."""
    import SimpleITK as sitk  # noqa: N813

    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([int(n) for n in shape])
    resampler.SetTransform(transform)
    resampler.SetDefaultPixelValue(float(fill))
    resampler.SetInterpolator({0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear, 3: sitk.sitkBSpline}[order])
    image = resampler.Execute(sitk.GetImageFromArray(array.T))
    return sitk.GetArrayFromImage(image).T
