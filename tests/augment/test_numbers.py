import numpy as np
import pytest
from scipy.stats import ks_2samp

from oncontour.augment.numbers import around_one


def test_half_of_the_factors_lie_below_one():
    rng = np.random.default_rng(0)
    drawn = np.array([around_one(rng, (0.7, 1.5)) for _ in range(4000)])
    assert (drawn < 1).mean() == pytest.approx(0.5, abs=0.03)
    assert drawn.min() >= 0.7
    assert drawn.max() <= 1.5
    assert drawn[drawn < 1].mean() == pytest.approx(0.85, abs=0.01)
    assert drawn[drawn > 1].mean() == pytest.approx(1.25, abs=0.02)


@pytest.mark.peers
@pytest.mark.parametrize("bounds", [(0.75, 1.25), (0.7, 1.5), (1.0, 1.5)])
def test_drawn_as_batchgenerators_draws(bounds):
    from batchgeneratorsv2.transforms.intensity.contrast import BGContrast

    peer = BGContrast(bounds)
    rng = np.random.default_rng(0)
    np.random.seed(0)  # noqa: NPY002
    theirs = [peer() for _ in range(2000)]
    assert ks_2samp([around_one(rng, bounds) for _ in range(2000)], theirs).pvalue > 0.001


def test_ranges_on_one_side_of_one():
    rng = np.random.default_rng(0)
    assert all(0.5 <= around_one(rng, (0.5, 0.8)) <= 0.8 for _ in range(50))
    assert all(1.2 <= around_one(rng, (1.2, 1.5)) <= 1.5 for _ in range(50))
