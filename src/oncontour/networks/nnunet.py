"""nnU-Net's own U-Nets behind Oncontour's interface: what nnU-Net trained loads by the same names, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import prod
from typing import Any, ClassVar

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from dynamic_network_architectures.initialization.weight_init import init_last_bn_before_add_to_0
from torch import Tensor, nn

from oncontour.core.errors import InputError
from oncontour.networks.interface import REMEDY, initialise
from oncontour.networks.norm import InstanceNorm2d, InstanceNorm3d

LEAK = 0.01
"""Slope of nnU-Net's leaky rectifiers below zero."""

FEATURES = (32, 64, 128, 256, 320, 320)
"""Channels of each stage, as nnU-Net plans BraTS at 1 mm (patch 128^3)."""

STRIDES = (1, 2, 2, 2, 2, 2)
"""Of each stage against the one before, in the same plan."""

RESIDUAL_BLOCKS = (1, 3, 4, 6, 6, 6)
"""Of each stage, in the residual encoder's plan of the same data."""

PerStage = int | Sequence[int]
"""One number for all stages, or one for each."""

PerAxis = int | Sequence[PerStage]
"""One number for all stages, or one for each; each of them one for all axes, or one for each."""


def _stages(name: str, values: PerStage, count: int) -> list[int]:
    """One number for each stage."""
    numbers = [values] * count if isinstance(values, int) else list(values)
    if len(numbers) != count:
        raise InputError(f"nnunet: {name}", str(values), f"one number, or {count} of them", REMEDY)
    return numbers


def _axes(name: str, values: PerAxis, count: int, dimensions: int) -> list[list[int]]:
    """One number for each axis of each stage."""
    given = [values] * count if isinstance(values, int) else list(values)
    numbers = [[entry] * dimensions if isinstance(entry, int) else list(entry) for entry in given]
    if len(numbers) != count or any(len(entry) != dimensions for entry in numbers):
        expected = f"one number, or {count} entries, each a number or {dimensions} of them"
        raise InputError(f"nnunet: {name}", str(values), expected, REMEDY)
    return numbers


class NNUNet(nn.Module):
    """nnU-Net's plain U-Net (Isensee et al., Nature Methods 2021; papers 000 and 001).

    Stages of 3x3x3 convolutions with bias, instance norm and leaky rectifier; strided convolutions down, transposed
    ones up; logits at each resolution. A logit of the standard network sees more than 300 voxels along each axis: all
    of its patch of 128^3. With 4 inputs and 3 outputs it has 31,198,991 parameters. He initialisation.

    `network` is nnU-Net's module: its `state_dict` has nnU-Net's names, and names most tensors more than once, as
    nnU-Net's does (the decoder holds the encoder, too); `named_parameters` names each tensor once.

    Args:
        inputs: channels of the image, one a sequence.
        outputs: logits, one a region or a class.
        features_per_stage: channels of each stage, full resolution first.
        kernel_sizes: of each stage; 1 along an axis that it does not look along.
        strides: of each stage against the one before.
        n_conv_per_stage: convolutions of each stage of the encoder.
        n_conv_per_stage_decoder: of each stage of the decoder, the deepest first.
        conv_bias: whether convolutions have a bias, though a norm follows; nnU-Net's have.
        norm_affine, norm_eps: of the instance norms.
        dropout: probability of losing a channel after each convolution, in training.
        deep_supervision: whether the coarser logits are trained, too.
        dimensions: 2: nnU-Net's 2d, whose kernels and strides have two axes; an image's slices are run as a batch.
        axis: of the image (0, 1 or 2) along which a 2-D network's slices lie.

    Raises:
        InputError: lists of unsuitable lengths, another number of dimensions, no such axis.

    >>> network = NNUNet(4, 3, features_per_stage=(4, 8), strides=(1, 2))
    >>> network(torch.zeros(1, 4, 16, 8, 8)).shape
    torch.Size([1, 3, 16, 8, 8])
    """

    architecture: ClassVar[Any] = PlainConvUNet
    encoder_depth: ClassVar[str] = "n_conv_per_stage"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        features_per_stage: Sequence[int] = FEATURES,
        kernel_sizes: PerAxis = 3,
        strides: PerAxis = STRIDES,
        n_conv_per_stage: PerStage = 2,
        n_conv_per_stage_decoder: PerStage = 2,
        conv_bias: bool = True,
        norm_affine: bool = True,
        norm_eps: float = 1e-5,
        dropout: float = 0.0,
        deep_supervision: bool = True,
        dimensions: int = 3,
        axis: int = 2,
    ) -> None:
        super().__init__()
        if dimensions not in (2, 3):
            raise InputError("nnunet: dimensions", str(dimensions), "2 or 3", REMEDY)
        if axis not in (0, 1, 2):
            raise InputError("nnunet: axis", str(axis), "0, 1 or 2", REMEDY)
        count, flat = len(features_per_stage), dimensions == 2
        steps = _axes("strides", strides, count, dimensions)
        self.network = self.architecture(
            input_channels=inputs,
            num_classes=outputs,
            n_stages=count,
            features_per_stage=list(features_per_stage),
            kernel_sizes=_axes("kernel_sizes", kernel_sizes, count, dimensions),
            strides=steps,
            n_conv_per_stage_decoder=_stages("n_conv_per_stage_decoder", n_conv_per_stage_decoder, count - 1),
            conv_op=nn.Conv2d if flat else nn.Conv3d,
            conv_bias=conv_bias,
            norm_op=InstanceNorm2d if flat else InstanceNorm3d,
            norm_op_kwargs={"affine": norm_affine, "eps": norm_eps},
            dropout_op=(nn.Dropout2d if flat else nn.Dropout3d) if dropout else None,
            dropout_op_kwargs={"p": dropout} if dropout else None,
            nonlin=nn.LeakyReLU,
            nonlin_kwargs={"negative_slope": LEAK, "inplace": True},
            **{self.encoder_depth: _stages(self.encoder_depth, n_conv_per_stage, count)},
        )
        stride = [prod(along) for along in zip(*steps, strict=True)]
        if flat:
            stride.insert(axis, 1)
        self.stride = tuple(stride)
        self.margin = (0, 0, 0)
        self.slices = 2 + axis if flat else None
        self.scales = count - 1 if deep_supervision else 1
        if not deep_supervision:  # nnU-Net names these all the same; untrained, they want no gradients.
            self.network.decoder.seg_layers[:-1].requires_grad_(False)
        initialise(self, LEAK)

    def _logits(self, x: Tensor, scales: int) -> list[Tensor]:
        """Logits of a batch of images or slices at the finest resolutions, finest first."""
        decoder = self.network.decoder
        *kept, x = self.network.encoder(x)
        features = []
        for expand, join, skip in zip(decoder.transpconvs, decoder.stages, reversed(kept), strict=True):
            x = join(torch.cat((expand(x), skip), 1))
            features.append(x)
        return [decoder.seg_layers[-n](features[-n]) for n in range(1, scales + 1)]

    def _run(self, x: Tensor, scales: int) -> tuple[Tensor, ...]:
        """Logits at the finest resolutions of images (B, inputs, D, H, W)."""
        if self.slices is None:
            return tuple(self._logits(x, scales))
        flat = self._logits(x.movedim(self.slices, 1).flatten(0, 1), scales)
        return tuple(y.unflatten(0, (x.shape[0], -1)).movedim(1, self.slices) for y in flat)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs, D, H, W) of images (B, inputs, D, H, W); each size a multiple of `stride`."""
        return self._run(x, 1)[0]

    def forward_deep(self, x: Tensor) -> tuple[Tensor, ...]:
        """Logits at each resolution of the decoder, finest first; the finest alone without `deep_supervision`."""
        return self._run(x, self.scales)

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the contracting path."""
        return self.network.encoder.parameters()

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the expanding path, by part: nnU-Net's decoder as a whole holds the encoder, too."""
        decoder = self.network.decoder
        return chain(decoder.transpconvs.parameters(), decoder.stages.parameters(), decoder.seg_layers.parameters())

    def to(self, *args: Any, **keywords: Any) -> Any:
        """As any module's, but that channels-last of images means channels-last of slices for a 2-D network."""
        if self.slices is not None and keywords.get("memory_format") is torch.channels_last_3d:
            keywords["memory_format"] = torch.channels_last
        return super().to(*args, **keywords)


class ResidualNNUNet(NNUNet):
    """nnU-Net's U-Net with a residual encoder (Isensee et al., "nnU-Net Revisited", MICCAI 2024).

    As `NNUNet`, but each stage of the encoder is residual blocks of two 3x3x3 convolutions, behind a stem of one; a
    stage of the decoder is one convolution. A logit of the standard network (preset M) sees all of its patch of 128^3.
    With 4 inputs and 3 outputs it has 102,353,167 parameters. He initialisation; each block starts as its shortcut, its
    last norm at zero.

    Args:
        inputs: channels of the image, one a sequence.
        outputs: logits, one a region or a class.
        n_blocks_per_stage: residual blocks of each stage of the encoder.
        n_conv_per_stage_decoder: convolutions of each stage of the decoder, the deepest first.
        others: as `NNUNet` takes them.

    Raises:
        InputError: as `NNUNet`.

    >>> network = ResidualNNUNet(4, 3, n_blocks_per_stage=(1, 2), features_per_stage=(4, 8), strides=(1, 2))
    >>> network(torch.zeros(1, 4, 16, 8, 8)).shape
    torch.Size([1, 3, 16, 8, 8])
    """

    architecture = ResidualEncoderUNet
    encoder_depth = "n_blocks_per_stage"

    def __init__(
        self,
        inputs: int,
        outputs: int,
        n_blocks_per_stage: PerStage = RESIDUAL_BLOCKS,
        n_conv_per_stage_decoder: PerStage = 1,
        **others: Any,
    ) -> None:
        super().__init__(
            inputs,
            outputs,
            n_conv_per_stage=n_blocks_per_stage,
            n_conv_per_stage_decoder=n_conv_per_stage_decoder,
            **others,
        )
        if others.get("norm_affine", True):
            self.apply(init_last_bn_before_add_to_0)
