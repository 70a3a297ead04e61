import numpy as np
import pytest
import torch
from torch import nn

from oncontour.inference.engine import probabilities
from oncontour.plans.plan import InferencePlan


class Smooth(nn.Module):
    """A network whose answer at a voxel depends on its 3x3x3 neighbourhood, and on left and right alike."""

    stride = 4

    def forward(self, x):
        return nn.functional.avg_pool3d(x, 3, 1, 1, count_include_pad=False)


def test_whole_image_and_tiles_agree_inside():
    image = np.random.default_rng(0).normal(size=(2, 30, 26, 22)).astype(np.float32)
    whole = probabilities(Smooth(), image, InferencePlan(mirror=(), tile=(64, 64, 64), overlap=0.5))
    tiled = probabilities(Smooth(), image, InferencePlan(mirror=(), tile=(16, 16, 16), overlap=0.5))
    assert whole.shape == tiled.shape == image.shape
    # Tiles' own faces pad their neighbourhoods; the tent's weight makes that small there.
    assert np.abs(whole - tiled).mean() < 0.01


def test_mirroring_averages_views():
    class Ramp(nn.Module):
        stride = 1

        def forward(self, x):
            return x * torch.linspace(-2, 2, x.shape[2])[:, None, None]

    image = np.ones((1, 9, 3, 3), np.float32)
    found = probabilities(Ramp(), image, InferencePlan(mirror=(0,), tile=(16, 16, 16), overlap=0.5))
    assert found == pytest.approx(np.full_like(image, 0.5), abs=1e-6)


def test_progress_reaches_one():
    seen = []
    image = np.zeros((1, 20, 20, 20), np.float32)
    probabilities(Smooth(), image, InferencePlan(mirror=(), tile=(8, 8, 8), overlap=0.25), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
