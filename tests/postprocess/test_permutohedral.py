import numpy as np
import pytest

from oncontour.postprocess.permutohedral import lattice


def gaussian(features):
    return np.exp(-0.5 * ((features[:, None] - features[None]) ** 2).sum(-1))


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 5, 7])
def test_every_point_spreads_over_the_corners_of_its_simplex(dimensions):
    features = np.random.default_rng(dimensions).normal(0, 3, (500, dimensions)).astype(np.float32)
    spread = lattice(features).spread
    assert spread.data.min() > -1e-5
    np.testing.assert_allclose(spread.sum(axis=1), 1, atol=1e-5)
    counts = np.diff(spread.tocsr(copy=True).indptr)
    assert set(counts) == {dimensions + 1}


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 5])
def test_corners_carry_the_point_itself(dimensions):
    """Barycentric weights are those for which the corners' weighted mean is the point: any linear field is kept."""
    rng = np.random.default_rng(dimensions)
    base = rng.normal(0, 0.5, (400, dimensions)).astype(np.float32)
    spread = lattice(base).spread
    # The corners' places, found from the points by least squares, must reproduce every point.
    corners = np.linalg.lstsq(spread.toarray().astype(float), base.astype(float), rcond=None)[0]
    np.testing.assert_allclose(spread @ corners, base, atol=1e-4)


@pytest.mark.parametrize(("dimensions", "points", "width"), [(1, 200, 1), (2, 600, 1), (3, 1500, 1), (4, 2000, 0.6)])
def test_normalised_sums_are_those_of_the_gaussian(dimensions, points, width):
    rng = np.random.default_rng(dimensions)
    features = rng.normal(0, width, (points, dimensions)).astype(np.float32)
    values = np.sign(features[:, :1]) + rng.normal(0, 0.2, (points, 1)).astype(np.float32)
    filtered = lattice(features)
    ours = filtered.filter(values) / filtered.filter(np.ones_like(values))
    exact = gaussian(features) @ values / gaussian(features).sum(1, keepdims=True)
    central = np.abs(features).max(1) < 1.5 * width  # where a sum has many members
    error = np.abs(ours - exact)[central]
    assert exact.std() > 0.2
    assert error.mean() < 0.05
    assert error.max() < 0.2


@pytest.mark.parametrize(("dimensions", "points"), [(1, 3000), (2, 20_000), (3, 60_000)])
def test_the_kernel_has_unit_variance(dimensions, points):
    rng = np.random.default_rng(dimensions)
    features = rng.uniform(-4, 4, (points, dimensions)).astype(np.float32)
    filtered = lattice(features)
    centres = np.flatnonzero((np.abs(features) < 0.4).all(1))[:12]
    impulses = np.zeros((points, len(centres)), np.float32)
    impulses[centres, np.arange(len(centres))] = 1
    weights = filtered.filter(impulses)
    apart = ((features[:, None] - features[centres]) ** 2).sum(-1) / dimensions
    assert (weights * apart).sum() / weights.sum() == pytest.approx(1, abs=0.08)


def test_far_points_do_not_meet():
    features = np.array([[0, 0, 0], [0.1, 0, 0], [9, 9, 9]], np.float32)
    values = np.array([[0], [0], [1]], np.float32)
    assert lattice(features).filter(values)[:2].max() == 0


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_own_share_is_what_a_point_reads_back_of_itself(dimensions):
    rng = np.random.default_rng(dimensions)
    grid = np.stack(np.meshgrid(*[np.arange(-4, 4, 0.5)] * dimensions, indexing="ij"), -1).reshape(-1, dimensions)
    filtered = lattice((grid + rng.uniform(0, 0.1, grid.shape)).astype(np.float32))
    central = np.flatnonzero(np.abs(grid).max(1) < 1)
    for point in rng.choice(central, min(len(central), 10), replace=False):
        impulse = np.zeros((len(grid), 1), np.float32)
        impulse[point] = 1
        assert filtered.filter(impulse)[point, 0] == pytest.approx(filtered.own[point], rel=1e-4)


def test_filter_is_symmetric_but_for_gaps():
    rng = np.random.default_rng(0)
    features = rng.normal(0, 0.5, (300, 2)).astype(np.float32)
    matrix = lattice(features).filter(np.eye(300, dtype=np.float32))
    assert np.abs(matrix - matrix.T).max() < 0.1 * matrix.max()
