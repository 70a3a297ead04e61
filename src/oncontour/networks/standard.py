"""The standard arguments of each network: what its paper or program used on brain tumours, and on what patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Standard:
    """A network as it is usually built for BraTS: four sequences at 1 mm.

    Args:
        network: its name in `NETWORKS`.
        paper: where it comes from.
        patch: voxels along each axis that it was trained on.
        outputs: logits; one where a network finds one region (cascades, DeepMedic), three for WT, TC and ET.
        arguments: others than `inputs` and `outputs`.
    """

    network: str
    paper: str
    patch: tuple[int, int, int]
    outputs: int = 3
    arguments: Mapping[str, Any] = field(default_factory=dict)


INPUTS = 4
"""T1, T1CE, T2, FLAIR."""

_VIEW = (144, 144, 24)
"""Slices of Wang 2017, as many as paper 002 took, in multiples of the autoencoder's 8 x 8 x 2."""

STANDARD: Mapping[str, Standard] = {
    "residual_unet": Standard(
        "residual_unet", "Oncontour", (80, 96, 80), arguments={"features": [32, 64, 128, 192], "fine": 8}
    ),
    "nnunet": Standard("nnunet", "Isensee 2021", (128, 128, 128)),
    "nnunet 2d": Standard(
        "nnunet",
        "Isensee 2021",
        (192, 160, 1),
        arguments={"dimensions": 2, "features_per_stage": [32, 64, 128, 256, 512, 512]},
    ),
    "nnunet_resenc": Standard("nnunet_resenc", "Isensee 2024", (128, 128, 128)),
    "segresnet": Standard("segresnet", "Myronenko 2018", (224, 224, 144)),
    "ar": Standard("ar", "Myronenko 2018", (160, 192, 128), arguments={"patch": [160, 192, 128], "features": 32}),
    "deepmedic": Standard("deepmedic", "Kamnitsas 2017", (57, 57, 57), outputs=1),
    "unet_report": Standard("unet_report", "Rahimpour 2022", (143, 196, 144), outputs=1),
    "ca_cnn": Standard("ca_cnn", "Wang 2017", _VIEW, outputs=1),
    "ca_cnn E-net": Standard("ca_cnn", "Wang 2017", (64, 64, 24), outputs=1, arguments={"downsamplings": 1}),
    "ar_ca": Standard("ar_ca", "Lotan 2021", _VIEW, outputs=1, arguments={"patch": list(_VIEW)}),
}
"""By name; a second variant of a network has a word behind its network's name."""
