"""Normalised mutual information: its range, what it rewards, its gradient."""

import numpy as np
import torch

from oncontour.preprocess.similarity import fixed_bins, normalised_mutual_information


def measure(fixed: torch.Tensor, moving: torch.Tensor) -> float:
    return float(normalised_mutual_information(fixed_bins(fixed), moving[None], torch.ones(1, len(fixed)))[0])


def test_any_one_to_one_contrast_shares_more_than_noise_shares():
    generator = torch.Generator().manual_seed(0)
    fixed = torch.rand(20_000, generator=generator)
    noise = torch.rand(20_000, generator=generator)
    assert 1.0 <= measure(fixed, noise) < 1.01
    assert measure(fixed, 1.0 - fixed) > 1.5
    assert abs(measure(fixed, 1.0 - fixed) - measure(fixed, fixed)) < 0.01
    assert measure(fixed, 0.8 * fixed + 0.2 * noise) < measure(fixed, fixed)


def test_candidates_are_measured_independently():
    generator = torch.Generator().manual_seed(1)
    fixed, a, b = (torch.rand(5_000, generator=generator) for _ in range(3))
    weights = torch.ones(2, 5_000)
    weights[1, ::2] = 0.0
    both = normalised_mutual_information(fixed_bins(fixed), torch.stack((a, b)), weights)
    alone = normalised_mutual_information(fixed_bins(fixed), b[None], weights[1:])
    assert abs(float(both[0]) - measure(fixed, a)) < 1e-6
    assert abs(float(both[1]) - float(alone[0])) < 1e-6


def test_the_gradient_is_the_slope():
    generator = torch.Generator().manual_seed(2)
    fixed = torch.rand(400, generator=generator, dtype=torch.float64)
    moving = (0.3 + 0.4 * fixed + 0.05 * torch.rand(400, generator=generator, dtype=torch.float64)).requires_grad_()
    direction = torch.randn(400, generator=generator, dtype=torch.float64)
    weights = torch.ones(1, 400, dtype=torch.float64)

    def value(step: float) -> torch.Tensor:
        return normalised_mutual_information(fixed_bins(fixed), (moving + step * direction)[None], weights)[0]

    value(0.0).backward()
    slope = float((moving.grad * direction).sum())
    step = 1e-6
    numeric = float((value(step) - value(-step)).detach()) / (2 * step)
    np.testing.assert_allclose(slope, numeric, rtol=1e-3)
