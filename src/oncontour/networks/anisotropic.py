"""The anisotropic network of the cascade whole tumour, core, enhancing tumour (Wang 2017; Lotan 2021, paper 002)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from oncontour.core.errors import InputError
from oncontour.networks.autoencoder import AutoencoderBranch, group_norm
from oncontour.networks.interface import REMEDY, Reconstructed, check_rebuildable, initialise, rebuildable

SCALES = (2, 4, 8)
"""Channels of the predictions of the second, third and fourth fused block: two classes times 1, 2 and 4 (Wang 2017)."""
SLOPE = 0.25
"""Slope of a PReLU below zero before training, for which the initialisation allows."""

Norm = Literal["group", "batch"]


def _norm(norm: Norm, channels: int) -> nn.Module:
    return nn.BatchNorm3d(channels) if norm == "batch" else group_norm(channels)


def _in_slice(inputs: int, outputs: int, dilation: int = 1, stride: int = 1) -> nn.Conv3d:
    """3x3x1: within a slice."""
    return nn.Conv3d(
        inputs, outputs, (3, 3, 1), (stride, stride, 1), (dilation, dilation, 0), (dilation, dilation, 1), bias=False
    )


def _layer(convolution: nn.Conv3d | nn.ConvTranspose3d, norm: Norm) -> nn.Sequential:
    """A convolution, then norm and rectifier."""
    channels = convolution.out_channels
    return nn.Sequential(convolution, _norm(norm, channels), nn.PReLU(channels, SLOPE))


def _fuse(features: int, norm: Norm) -> nn.Sequential:
    """1x1x3: the only place where slices meet."""
    return _layer(nn.Conv3d(features, features, (1, 1, 3), padding=(0, 0, 1), bias=False), norm)


def _prediction(features: int, channels: int, doublings: int, norm: Norm) -> nn.Module:
    """What one scale predicts, at full resolution: `doublings` transposed 3x3x1 convolutions, or one plain one."""
    if not doublings:
        return _in_slice(features, channels)
    return nn.Sequential(
        *(
            _layer(
                nn.ConvTranspose3d(
                    channels if step else features, channels, (3, 3, 1), (2, 2, 1), (1, 1, 0), (1, 1, 0), bias=False
                ),
                norm,
            )
            for step in range(doublings)
        )
    )


class Residual(nn.Module):
    """Norm, rectifier, 3x3x1 convolution, twice; the input is added, with channels of zeros where it has fewer."""

    def __init__(self, inputs: int, outputs: int, dilation: int, norm: Norm) -> None:
        super().__init__()
        self.missing = outputs - inputs
        self.path = nn.Sequential(
            _norm(norm, inputs),
            nn.PReLU(inputs, SLOPE),
            _in_slice(inputs, outputs, dilation),
            _norm(norm, outputs),
            nn.PReLU(outputs, SLOPE),
            _in_slice(outputs, outputs, dilation),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.path(x) + pad(x, (0, 0, 0, 0, 0, 0, 0, self.missing))


class AnisotropicNet(nn.Module):
    """One network of the cascade, for one region in one view: W-net and T-net halve a slice twice, E-net once.

    Ten residual blocks of two 3x3x1 convolutions in four groups (2, 2, 3, 3; the dilations of the last two groups are
    1, 2, 3 and 3, 2, 1), a fused block of a 1x1x3 convolution after each group, down-sampling within the slice by
    convolutions of stride 2; what the second, third and fourth fused block predict is brought back to full resolution,
    concatenated, and one 3x3x1 convolution decides (Wang et al. 2017, arXiv 1709.00382; paper 002, Model Architecture).
    Slices are the last axis: turning a view's normal there, averaging the views and cropping are done outside.

    With four inputs and two outputs W-net and T-net have exactly the 214,470 parameters of Wang's program, E-net its
    204,396; with one output 126 fewer. Receptive field 231 x 231 x 9 voxels, E-net's 119 x 119 x 9. He initialisation.
    Where Wang's valid 1x1x3 convolutions lose four slices on either side, slices are padded with zeros here, as pixels
    are: the logits cover the whole image.

    Args:
        inputs: channels of the image, one a sequence; at most `features`.
        outputs: 1 for a region's sigmoid (as `oncontour` plans cascades), 2 for softmax over background and region.
        downsamplings: 2 for whole tumour and core, 1 for enhancing tumour.
        features: channels of every convolution of the encoder.
        norm: "group" suits batches of fewer than 8 patches; "batch" is what the text of the papers says (the figure of
            paper 002 says group).
        dropout: probability of losing a channel after the first residual block, in training.

    Raises:
        InputError: more inputs than features, another number of down-samplings.

    >>> network = AnisotropicNet(4, 1, features=8)
    >>> network(torch.zeros(1, 4, 16, 12, 5)).shape
    torch.Size([1, 1, 16, 12, 5])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        downsamplings: Literal[1, 2] = 2,
        features: int = 32,
        norm: Norm = "group",
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if inputs > features:
            raise InputError("ca_cnn: features", str(features), f"no fewer than inputs, {inputs}", REMEDY)
        if downsamplings not in (1, 2):
            raise InputError("ca_cnn: downsamplings", str(downsamplings), "1 or 2", REMEDY)
        self.stride = (2**downsamplings, 2**downsamplings, 1)
        self.margin = (0, 0, 0)
        self.features = features

        def group(first: int, dilations: Sequence[int]) -> list[nn.Module]:
            sizes = (first, *[features] * (len(dilations) - 1))
            return [Residual(size, features, dilation, norm) for size, dilation in zip(sizes, dilations, strict=True)]

        def halve() -> nn.Sequential:
            return _layer(_in_slice(features, features, stride=2), norm)

        start, *rest = group(inputs, (1, 1))
        self.first = nn.Sequential(start, nn.Dropout3d(dropout), *rest, _fuse(features, norm))
        self.second = nn.Sequential(
            halve() if downsamplings == 2 else nn.Identity(), *group(features, (1, 1)), _fuse(features, norm)
        )
        self.third = nn.Sequential(halve(), *group(features, (1, 2, 3)), _fuse(features, norm))
        self.fourth = nn.Sequential(*group(features, (3, 2, 1)), _fuse(features, norm))
        doublings = (downsamplings - 1, downsamplings, downsamplings)
        self.predictions = nn.ModuleList(
            _prediction(features, channels, count, norm) for channels, count in zip(SCALES, doublings, strict=True)
        )
        self.last = _in_slice(sum(SCALES), outputs)
        initialise(self, SLOPE)

    def _encode(self, x: Tensor) -> list[Tensor]:
        """The second, third and fourth fused block's features."""
        scales = [self.second(self.first(x))]
        for group in (self.third, self.fourth):
            scales.append(group(scales[-1]))
        return scales

    def _decode(self, scales: Sequence[Tensor]) -> Tensor:
        predictions = [predict(scale) for predict, scale in zip(self.predictions, scales, strict=True)]
        return self.last(torch.cat(predictions, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs, D, H, W) of images (B, inputs, D, H, W); W counts slices, D and H suit `stride`."""
        return self._decode(self._encode(x))

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the residual and fused blocks."""
        return chain.from_iterable(part.parameters() for part in (self.first, self.second, self.third, self.fourth))

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the predictions and of the last convolution."""
        return chain(self.predictions.parameters(), self.last.parameters())


class AnisotropicNetVAE(AnisotropicNet):
    """The same with a variational autoencoder's branch, for training only: AR-CA (Lotan 2021, paper 002).

    The branch rebuilds the image from the last fused block, so that the encoder keeps what an image is made of
    (Myronenko 2018). `forward` never computes it. For a patch of 144 x 144 x 24 it adds 839,264 parameters.

    Paper 002's program differs from its text in a 3x3x3 convolution before all and one slope for all channels of a
    rectifier; here the encoder is that of CA-CNN, as the text says.

    Args:
        inputs: channels of the image, one a sequence.
        outputs: as `AnisotropicNet` takes them.
        patch: voxels along each axis of the images to rebuild, slices last; multiples of twice `stride`. The branch's
            fully connected layers need it; predicting, the network takes other sizes too.
        latent: numbers that an image is squeezed into.
        others: as `AnisotropicNet` takes them.

    Raises:
        InputError: a patch of unsuitable size; as `AnisotropicNet`.

    >>> network = AnisotropicNetVAE(4, 1, (16, 8, 6), features=8)
    >>> network.forward_with_reconstruction(torch.zeros(1, 4, 16, 8, 6)).image.shape
    torch.Size([1, 4, 16, 8, 6])
    """

    def __init__(self, inputs: int, outputs: int, patch: Sequence[int], latent: int = 16, **others: Any) -> None:
        super().__init__(inputs, outputs, **others)
        self.patch = rebuildable("ar_ca", patch, self.stride)
        self.branch = AutoencoderBranch(self.features, inputs, self.stride, self.patch, latent)

    def forward_with_reconstruction(self, x: Tensor) -> Reconstructed:
        """Logits, and the image (B, inputs, *patch) rebuilt from the numbers drawn.

        In training they are drawn from torch's own generator; in evaluation they are the means.

        Raises:
            InputError: an image that is not of the patch's size.
        """
        check_rebuildable("ar_ca", x, self.patch)
        scales = self._encode(x)
        return Reconstructed(self._decode(scales), *self.branch(scales[-1]))

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Those of `AnisotropicNet`, and the branch's."""
        return chain(super().decoder_parameters(), self.branch.parameters())
