import numpy as np
import pytest

from oncontour.data.phantom.k_space import SAMPLED, motion, motion_matrix, ringing, ringing_matrix

EDGE = np.repeat([0.0, 1.0, 0.0], [30, 40, 30]).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_uniform_images_stay_uniform(seed):
    rng = np.random.default_rng(seed)
    for matrix in (motion_matrix(rng, 100, 1.0), ringing_matrix(rng, 100)):
        assert matrix.dtype == np.float32
        assert matrix @ np.ones(100) == pytest.approx(np.ones(100), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_an_edge_rings_and_high_frequencies_are_gone(seed):
    seen = ringing_matrix(np.random.default_rng(seed), 100) @ EDGE
    assert 1.04 < seen.max() < 1.2
    assert -0.2 < seen.min() < -0.04
    spectrum = np.abs(np.fft.rfft(seen))
    assert spectrum[int(SAMPLED[1] * 50) + 2 :].max() < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_a_ghost_lies_outside_the_object(seed):
    seen = motion_matrix(np.random.default_rng(seed), 100, 1.0) @ EDGE
    outside = np.r_[seen[:25], seen[75:]]
    assert 0.005 < outside.max() < 0.15
    assert seen.sum() == pytest.approx(EDGE.sum(), rel=1e-4)


def test_one_axis_is_affected():
    rng = np.random.default_rng(0)
    for matrices in (motion(rng, (10, 12, 14), 2.0), ringing(rng, (10, 12, 14))):
        found = [(len(matrix), size) for matrix, size in zip(matrices, (10, 12, 14), strict=True) if matrix is not None]
        assert len(found) == 1
        assert found[0][0] == found[0][1]
