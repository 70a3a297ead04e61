"""MONAI's SegResNet behind Oncontour's interface, alone or with its variational autoencoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar, Literal

import torch
from monai.networks.nets import segresnet as monai
from torch import Tensor, nn
from torch.nn.functional import softplus

from oncontour.core.errors import InputError
from oncontour.networks.interface import REMEDY, Reconstructed, check_rebuildable, initialise, rebuildable
from oncontour.networks.norm import own_group_norms

SMALLEST_VARIANCE = 1e-8
"""Added before the logarithm, as MONAI's loss does."""


class SegResNet(nn.Module):
    """SegResNet (Myronenko 2018, arXiv 1810.11654, without its autoencoder; paper 003, which names MONAI's).

    Residual blocks of two 3x3x3 convolutions, each after group norm and rectifier; strided convolutions down, linear
    interpolation up, joined by addition. A logit of the standard network sees more than 220 voxels along each axis.
    With 4 inputs and 3 outputs it has 4,702,227 parameters, as in MONAI's bundle for BraTS. He initialisation.

    `network` is MONAI's module: its `state_dict` has MONAI's names.

    Args:
        inputs: channels of the image, one a sequence.
        outputs: logits, one a region or a class.
        features: channels at full resolution, a multiple of `groups`; each stage doubles them. Myronenko: 32.
        blocks_down: residual blocks of each stage of the encoder, full resolution first.
        blocks_up: of each stage of the decoder, the deepest first; one entry fewer.
        dropout: probability of losing a channel after the first convolution, in training.
        groups: of the group norms.
        upsampling: linear interpolation, or one of MONAI's ways that have weights.
        others: what else MONAI's class takes.

    Raises:
        InputError: lists of unsuitable lengths, `features` that `groups` does not divide.

    >>> network = SegResNet(4, 3, features=8, blocks_down=(1, 1), blocks_up=(1,))
    >>> network(torch.zeros(1, 4, 16, 8, 8)).shape
    torch.Size([1, 3, 16, 8, 8])
    """

    architecture: ClassVar[Any] = monai.SegResNet

    def __init__(
        self,
        inputs: int,
        outputs: int,
        features: int = 16,
        blocks_down: Sequence[int] = (1, 2, 2, 4),
        blocks_up: Sequence[int] = (1, 1, 1),
        dropout: float = 0.2,
        groups: int = 8,
        upsampling: Literal["nontrainable", "deconv", "pixelshuffle"] = "nontrainable",
        **others: Any,
    ) -> None:
        super().__init__()
        if len(blocks_up) != len(blocks_down) - 1:
            expected = f"one entry fewer than blocks_down, {blocks_down}"
            raise InputError("segresnet: blocks_up", str(blocks_up), expected, REMEDY)
        if features % groups:
            raise InputError("segresnet: features", str(features), f"a multiple of groups, {groups}", REMEDY)
        self.stride = (2 ** len(blocks_up),) * 3
        self.margin = (0, 0, 0)
        self.network = self.architecture(
            in_channels=inputs,
            out_channels=outputs,
            init_filters=features,
            blocks_down=tuple(blocks_down),
            blocks_up=tuple(blocks_up),
            dropout_prob=dropout or None,
            norm=("GROUP", {"num_groups": groups}),
            upsample_mode=upsampling,
            **others,
        )
        own_group_norms(self.network)
        initialise(self)

    def _run(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and the encoder's last features."""
        features, scales = self.network.encode(x)
        return self.network.decode(features, scales[::-1]), features

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, outputs, D, H, W) of images (B, inputs, D, H, W); each size a multiple of `stride`."""
        return self._run(x)[0]

    def encoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the contracting path."""
        return chain(self.network.convInit.parameters(), self.network.down_layers.parameters())

    def decoder_parameters(self) -> Iterator[nn.Parameter]:
        """Parameters of the expanding path, of the last convolution and of the autoencoder where there is one."""
        encoder = ("convInit", "down_layers")
        parts = (part for name, part in self.network.named_children() if name not in encoder)
        return chain.from_iterable(part.parameters() for part in parts)


class SegResNetVAE(SegResNet):
    """SegResNet with its variational autoencoder (Myronenko 2018; "AR" in paper 002).

    From the encoder's last features the branch draws `latent` numbers and rebuilds the image, as MONAI has it by way of
    the segmentation's own expanding path, without what was kept on the way down. For training only: `forward` never
    runs it. With 4 inputs, 3 outputs and a patch of 128^3 it has 7,914,407 parameters, 3,212,180 of them the branch's.

    Args:
        inputs: channels of the image, one a sequence.
        outputs: logits, one a region or a class.
        patch: voxels along each axis of the images to rebuild, multiples of twice `stride`; the branch's fully
            connected layers need it. Without reconstruction the network takes other sizes, too.
        latent: numbers that an image is squeezed into (MONAI's own default: 256).
        others: as `SegResNet` takes them.

    Raises:
        InputError: a patch of unsuitable size; as `SegResNet`.

    >>> network = SegResNetVAE(4, 3, (16, 8, 8), latent=2, features=8, blocks_down=(1, 1), blocks_up=(1,))
    >>> network.forward_with_reconstruction(torch.zeros(1, 4, 16, 8, 8)).image.shape
    torch.Size([1, 4, 16, 8, 8])
    """

    architecture = monai.SegResNetVAE

    def __init__(self, inputs: int, outputs: int, patch: Sequence[int], latent: int = 128, **others: Any) -> None:
        super().__init__(inputs, outputs, input_image_size=tuple(patch), vae_nz=latent, vae_estimate_std=True, **others)
        self.patch = rebuildable("ar", patch, self.stride)

    def forward_with_reconstruction(self, x: Tensor) -> Reconstructed:
        """Logits, and the image (B, inputs, *patch) rebuilt from the numbers drawn.

        In training they are drawn from torch's own generator; in evaluation they are the means.

        Raises:
            InputError: an image that is not of the patch's size.
        """
        check_rebuildable("ar", x, self.patch)
        net = self.network
        logits, features = self._run(x)
        squeezed = net.vae_down(features)
        mean, spread = net.vae_fc1(squeezed.flatten(1)), softplus(net.vae_fc2(squeezed.flatten(1)).float())
        drawn = mean + spread * torch.randn_like(mean) if self.training else mean
        y = net.vae_fc_up_sample(net.act_mod(net.vae_fc3(drawn)).unflatten(1, squeezed.shape[1:]))
        for expand, blocks in zip(net.up_samples, net.up_layers, strict=True):
            y = blocks(expand(y))
        return Reconstructed(logits, net.vae_conv_final(y), mean, (spread.square() + SMALLEST_VARIANCE).log())
