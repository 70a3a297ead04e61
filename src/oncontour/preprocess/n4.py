"""N4, which finds the slow brightness change of a coil (Tustison et al. 2010, IEEE TMI 29:1310), as ITK has it.

Where an image is shaded, the histogram of its logarithm is blurred. Each step sharpens that histogram (Sled et al.
1998, IEEE TMI 17:87), takes what brightness would have to move for it as a guess of the field, and smooths the guess
by a B-spline (Lee et al. 1997, IEEE TVCG 3:228). On a regular grid that spline's weights are products of one figure an
axis: three small matrix products in place of a loop over all voxels, which takes ITK most of its time. Fields are ITK's
to 1e-4 (tests/preprocess/test_n4.py), in a thirtieth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

BINS = 200
"""Of the histogram."""

WIDTH = 0.15
"""Full width at half maximum of the Gaussian by which a field is taken to blur the histogram, in log brightness."""

NOISE = 0.01
"""Of the Wiener filter that takes the blur back."""

PADDED = 512
"""Bins with their margins, so that what is filtered at one end does not come in at the other."""


@dataclass(frozen=True)
class N4Settings:
    """How long it looks for a field.

    Args:
        iterations: at most, at each resolution: the spline has 1, 2, 4, ... pieces along each axis.
        change: a resolution is done when a step changes the field by a factor that varies by less (SD over mean).
    """

    iterations: tuple[int, ...] = (50, 50, 50, 50)
    change: float = 1e-3


DEFAULT = N4Settings()


def n4_log_field(
    image: NDArray[np.floating], mask: NDArray[np.bool_], settings: N4Settings = DEFAULT
) -> NDArray[np.float64]:
    """The logarithm of the field (i, j, k); image / exp(field) is even.

    Args:
        image: (i, j, k), positive in the mask.
        mask: (i, j, k), where to trust it; not empty.
    """
    log_image = np.log(image[mask], dtype=np.float64)
    field = np.zeros(image.shape)
    for level, most in enumerate(settings.iterations):
        spline = _Spline(mask, 2**level)
        for _ in range(most):
            even = log_image - field[mask]
            step = spline.smooth(even - _sharpened(even))
            field += step
            ratio = np.exp(step[mask])
            if ratio.std() / ratio.mean() < settings.change:
                break
    return field


def _sharpened(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each log brightness would be, as far as the histogram tells, without the blur."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return values
    slope = (high - low) / (BINS - 1)
    at = (values - low) / slope
    left = np.minimum(at.astype(np.intp), BINS - 2)
    share = at - left
    histogram = np.zeros(PADDED)
    margin = (PADDED - BINS) // 2
    histogram[margin : margin + BINS] = np.bincount(left, 1 - share, BINS) + np.bincount(left + 1, share, BINS)

    distance = np.minimum(np.arange(PADDED), PADDED - np.arange(PADDED))
    width = WIDTH / slope
    blur = np.fft.rfft(2 * np.sqrt(np.log(2) / np.pi) / width * np.exp(-4 * np.log(2) * (distance / width) ** 2))
    wiener = blur.conj() / (np.abs(blur) ** 2 + NOISE)
    true = np.maximum(np.fft.irfft(np.fft.rfft(histogram) * wiener.real, PADDED), 0)
    brightness = low + (np.arange(PADDED) - margin) * slope
    weight = np.fft.irfft(np.fft.rfft(true) * blur, PADDED)
    mean = np.fft.irfft(np.fft.rfft(brightness * true) * blur, PADDED)
    expected = np.divide(mean, weight, out=np.zeros(PADDED), where=weight != 0)
    left += margin
    return expected[left] * (1 - share) + expected[left + 1] * share


class _Spline:
    """A cubic B-spline of so many pieces along each axis, fitted to figures in a mask.

    Args:
        mask: (i, j, k).
        pieces: along each axis.
    """

    def __init__(self, mask: NDArray[np.bool_], pieces: int) -> None:
        self._mask = mask
        self._weights = [_weights(size, pieces) for size in mask.shape]
        self._cubes = [weights**3 for weights in self._weights]
        squares = [weights**2 for weights in self._weights]
        self._near = reduce(np.multiply.outer, [square.sum(1) for square in squares])
        self._known = _along_axes(mask.astype(np.float64), squares)

    def smooth(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The spline (i, j, k) near figures (N,) of the mask's voxels (Lee et al. 1997, equation 5)."""
        pulled = np.zeros(self._mask.shape)
        pulled[self._mask] = values / self._near[self._mask]
        control = np.divide(
            _along_axes(pulled, self._cubes), self._known, out=np.zeros_like(self._known), where=self._known > 1e-12
        )
        return _along_axes(control, [weights.T for weights in self._weights])


def _weights(size: int, pieces: int) -> NDArray[np.float64]:
    """(size, pieces + 3): how much each control point counts at each voxel along an axis."""
    at = np.arange(size) * (pieces / max(size - 1, 1))
    first = np.minimum(at.astype(int), pieces - 1)
    t = at - first
    cubic = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], 1) / 6
    weights = np.zeros((size, pieces + 3))
    for n in range(4):
        weights[np.arange(size), first + n] = cubic[:, n]
    return weights


def _along_axes(array: NDArray[np.float64], weights: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(i, j, k) with weights (i, a), (j, b), (k, c) to (a, b, c)."""
    for one in weights:
        array = np.tensordot(array, one, (0, 0))  # The next axis comes first; the new one last.
    return array
