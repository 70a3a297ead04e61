"""A variational autoencoder's branch: rebuilds the image from an encoder's last features (Myronenko 2018)."""

from __future__ import annotations

from math import gcd, prod

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from oncontour.networks.interface import initialise
from oncontour.networks.norm import GroupNorm

GROUPS = 8
"""Of a group norm (Myronenko 2018), where that many divide the channels; else the largest number that divides both."""
BOTTLENECK = 4
"""Channels of the grid before and behind the fully connected layers, which hold most parameters of the branch."""


def group_norm(channels: int) -> GroupNorm:
    """A group norm of as many groups as suit the channels.

    >>> group_norm(32).num_groups, group_norm(4).num_groups
    (8, 4)
    """
    return GroupNorm(gcd(GROUPS, channels), channels)


def _before(channels: int) -> list[nn.Module]:
    """What precedes each convolution of a block: norm and rectifier."""
    return [group_norm(channels), nn.ReLU(inplace=True)]


class _Up(nn.Module):
    """1x1x1 convolution, linear up-sampling by `factor`, and a residual block of two 3x3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int, factor: tuple[int, ...]) -> None:
        super().__init__()
        self.factor = tuple(float(step) for step in factor)
        self.narrow = nn.Conv3d(inputs, outputs, 1)
        self.path = nn.Sequential(
            *_before(outputs),
            nn.Conv3d(outputs, outputs, 3, padding=1, bias=False),
            *_before(outputs),
            nn.Conv3d(outputs, outputs, 3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = interpolate(self.narrow(x), scale_factor=self.factor, mode="trilinear")
        return x + self.path(x)


class AutoencoderBranch(nn.Module):
    """From an encoder's last features to the image that it saw, by way of a few random numbers; for training only.

    A convolution of stride 2, a fully connected layer to means and log variances, a draw, a fully connected layer back,
    and one block a doubling up to full resolution (Myronenko 2018, arXiv 1810.11654, section 2.3 and table 1; there the
    encoder is isotropic, with 16 channels at the narrowest and 128 random numbers).

    Args:
        features: channels of the encoder's last features.
        inputs: channels of the image.
        stride: voxels of the image a voxel of those features, along each axis; powers of 2.
        patch: voxels of the image along each axis, multiples of twice `stride`.
        latent: random numbers an image.
    """

    def __init__(
        self, features: int, inputs: int, stride: tuple[int, int, int], patch: tuple[int, int, int], latent: int
    ) -> None:
        super().__init__()
        needed = tuple(2 * step for step in stride)
        self.grid = tuple(size // step for size, step in zip(patch, needed, strict=True))
        voxels = BOTTLENECK * prod(self.grid)
        self.squeeze = nn.Sequential(*_before(features), nn.Conv3d(features, BOTTLENECK, 3, 2, 1))
        self.distribution = nn.Linear(voxels, 2 * latent)
        self.spread = nn.Sequential(nn.Linear(latent, voxels), nn.ReLU(inplace=True))
        ups, channels, width = [], BOTTLENECK, features
        while any(step > 1 for step in needed):
            ups.append(_Up(channels, width, tuple(min(step, 2) for step in needed)))
            needed = tuple(max(step // 2, 1) for step in needed)
            channels, width = width, max(width // 2, 1)
        self.ups = nn.Sequential(*ups)
        self.last = nn.Conv3d(channels, inputs, 1)
        initialise(self)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The image (B, inputs, *patch), means and log variances (B, latent each), of features (B, C, ...).

        In training the numbers are drawn (from torch's own generator); in evaluation they are the means.
        """
        mean, log_variance = self.distribution(self.squeeze(features).flatten(1)).float().chunk(2, 1)
        drawn = mean + torch.randn_like(mean) * (log_variance / 2).exp() if self.training else mean
        grid = self.spread(drawn).unflatten(1, (BOTTLENECK, *self.grid))
        return self.last(self.ups(grid)), mean, log_variance
