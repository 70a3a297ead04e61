"""What every network gives, so that training and inference need not know which one they run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from torch import Tensor, nn

from oncontour.core.errors import InputError

REMEDY = "Correct the network's arguments in the plan."


@runtime_checkable
class Network(Protocol):
    """A module from images (B, inputs, D, H, W) to logits (B, outputs, D, H, W).

    Its constructor takes `inputs`, `outputs` and arguments of its own, all by keyword and all plain data (numbers,
    texts, lists), as a plan stores them.

    Attributes:
        stride: sizes of the image must be multiples of it, axis by axis.
        margin: voxels that valid convolutions take off each side of each axis; zeros where the logits cover the image.
    """

    stride: tuple[int, int, int]
    margin: tuple[int, int, int]

    def __call__(self, x: Tensor) -> Tensor:
        """Logits of images; what `nn.Module` makes of `forward`."""
        ...

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Those that turn the image into features: what transfer learning keeps."""
        ...

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """All others; no parameter is in both."""
        ...


@runtime_checkable
class DeeplySupervised(Network, Protocol):
    """A network that can be supervised at several resolutions."""

    def forward_deep(self, x: Tensor) -> tuple[Tensor, ...]:
        """Logits at each resolution, finest first; the first is what `forward` gives."""
        ...


class Reconstructed(NamedTuple):
    """What a network with a variational autoencoder gives in training (Myronenko 2018).

    Args:
        logits: (B, outputs, D, H, W), as `forward` gives them.
        image: (B, inputs, D, H, W), the input rebuilt from the numbers drawn.
        mean, log_variance: (B, latent) of the normal distributions that they are drawn from.
    """

    logits: Tensor
    image: Tensor
    mean: Tensor
    log_variance: Tensor


@runtime_checkable
class Reconstructing(Network, Protocol):
    """A network with a branch, for training only, that rebuilds its input."""

    def forward_with_reconstruction(self, x: Tensor) -> Reconstructed:
        """Logits and the rebuilt image; the numbers are drawn in training, and are the means in evaluation."""
        ...


def rebuildable(name: str, patch: Sequence[int], stride: tuple[int, int, int]) -> tuple[int, int, int]:
    """The patch whose image an autoencoder is to rebuild: of multiples of twice the network's stride.

    Raises:
        InputError: it is not; `name` is the network's.
    """
    needed = tuple(2 * step for step in stride)
    if len(patch) != 3 or any(size % step for size, step in zip(patch, needed, strict=True)):
        raise InputError(f"{name}: patch", str(patch), f"three multiples of {needed} voxels", REMEDY)
    i, j, k = patch
    return i, j, k


def check_rebuildable(name: str, image: Tensor, patch: tuple[int, int, int]) -> None:
    """Refuse an image (B, C, i, j, k) that is not of the patch that the autoencoder was made for.

    Raises:
        InputError: it is not; `name` is the network's.
    """
    if tuple(image.shape[2:]) != patch:
        found, expected = f"{tuple(image.shape[2:])} voxels", f"the {patch} that the network was made for"
        raise InputError(f"{name}: image to rebuild", found, expected, "Give the network and the training one patch.")


def initialise(network: nn.Module, slope: float = 0.0) -> None:
    """He initialisation: weights from N(0, sqrt(2 / ((1 + slope^2) n))) for n inputs a voxel, biases 0 (He 2015).

    Covers convolutions, transposed convolutions and fully connected layers; norms keep their ones and zeros.

    Args:
        slope: of the rectifiers below zero.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d | nn.ConvTranspose2d | nn.ConvTranspose3d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, a=slope)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
