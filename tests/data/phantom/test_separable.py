"""Matrices an axis do what the usual filters do."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from oncontour.data.phantom.separable import apply, blur, shift_matrix, thick_slice_matrix


def test_blur_is_gaussian():
    image = np.random.default_rng(0).normal(size=(20, 24, 28)).astype(np.float32)
    expected = ndimage.gaussian_filter(image, 1.3, truncate=3)
    inside = (slice(5, -5),) * 3
    assert np.abs(blur(image, 1.3) - expected)[inside].max() < 2e-3


def test_blur_keeps_a_constant():
    assert np.allclose(blur(np.full((5, 6, 7), 3.0, np.float32), 2.0), 3.0)


def test_shift_moves_by_whole_and_half_voxels():
    line = np.zeros((9, 1, 1), np.float32)
    line[4] = 1
    assert apply(line, (shift_matrix(9, 2), None, None))[:, 0, 0].argmax() == 6
    assert np.allclose(apply(line, (shift_matrix(9, 0.5), None, None))[4:6, 0, 0], 0.5)


def test_thick_slices_keep_slopes_and_lose_detail():
    ramp = np.arange(60, dtype=np.float32).reshape(1, 1, 60)
    thick = apply(ramp, (None, None, thick_slice_matrix(60, 5)))
    assert np.abs(thick - ramp)[..., 10:-10].max() < 0.1
    stripes = np.sin(np.arange(60) * np.pi / 2).astype(np.float32).reshape(1, 1, 60)
    assert np.abs(apply(stripes, (None, None, thick_slice_matrix(60, 5)))).max() < 0.2
