"""Sets of transforms, as data for plans: (name, probability, arguments), in the order in which they are applied.

Transforms draw numbers of their own on top of the probability that they are due; see each one's fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Preset = tuple[tuple[str, float, Mapping[str, Any]], ...]

ONCONTOUR: Preset = (("mirror", 1.0, {}), ("intensity", 1.0, {}))
"""What the shipped tumour model was trained with (`recipes/default.yaml`), beside the dropout of sequences."""

ONCONTOUR_HEAD: Preset = (
    ("field_of_view", 0.3, {}),
    ("surroundings", 0.8, {}),
    ("power", 1.0, {}),
    ("mirror", 1.0, {"axes": (0,)}),  # a head has its neck below
    ("intensity", 1.0, {}),
)
"""What brain extraction was trained with (`recipes/brain.yaml`): one image of a whole head."""

NNUNET: Preset = (
    (
        "spatial",
        1.0,
        {
            "rotation": (30.0, 30.0, 30.0),
            "rotation_probability": 0.2,
            "scaling": (0.7, 1.4),
            "scaling_probability": 0.2,
        },
    ),
    ("noise", 0.1, {"deviation": (0.0, 0.1)}),
    ("blur", 0.2, {"sigma": (0.5, 1.0), "channel_probability": 0.5}),
    ("brightness", 0.15, {"factor": (0.75, 1.25)}),
    ("contrast", 0.15, {"factor": (0.75, 1.25)}),
    ("low_resolution", 0.25, {"scale": (0.5, 1.0), "channel_probability": 0.5}),
    ("gamma", 0.1, {"gamma": (0.7, 1.5), "invert": True}),
    ("gamma", 0.3, {"gamma": (0.7, 1.5), "invert": False}),
    ("mirror", 1.0, {"axes": (0, 1, 2)}),
)
"""nnU-Net v2's default for 3-D patches (Isensee 2021, supplementary note 4; nnUNetTrainer of version 2.8), which
papers 000 and 001 trained with. `nnunet_for` fits it to flat patches."""

NNUNET_CASCADE: Preset = (
    ("morphology", 0.4, {"radius": (1.0, 8.0), "channel_probability": 0.5}),
    ("lost_component", 0.2, {"share": 0.15, "channel_probability": 0.5}),
)
"""What nnU-Net v2 does to the labels that 3d_lowres hands on to 3d_cascade_fullres (nnUNetTrainer of version 2.8), once
they are inputs: `training.augment_previous` of a plan."""

FLAT = 3
"""A patch this many times as wide as thin is augmented within its slices (nnU-Net)."""

PAPER_002: Preset = (
    ("mirror", 1.0, {}),
    (
        "spatial",
        1.0,
        {
            "rotation_probability": 0.0,
            "scaling": (0.9, 1.1),
            "scaling_probability": 1.0,
            "shift": (0.1, 0.1, 0.1),
            "shift_probability": 1.0,
        },
    ),
)
"""Paper 002 (S2.16): flips, random shift of the volume's centre, scaling by 0.9 to 1.1. How far the centre shifts and
how often the paper does not say: a tenth of the patch, always, is ours."""

PAPER_004: Preset = (
    (
        "spatial",
        1.0,
        {
            "rotation": (0.0, 0.0, 15.0),
            "rotation_probability": 1.0,
            "scaling": (0.9, 1.1),
            "scaling_probability": 1.0,
            "shift": (0.1, 0.1, 0.1),
            "shift_probability": 1.0,
        },
    ),
    ("mirror", 1.0, {}),
    ("shift_scale", 1.0, {"shift": 0.05, "scale": 0.01}),
)
"""Paper 004 (S4.7): scaling, rotation in the axial plane, translation, flips, shift N(0, .05) and scale N(1, .01) of
each sequence. The ranges of the first three are not given: ours."""

PRESETS: Mapping[str, Preset] = {
    "oncontour": ONCONTOUR,
    "oncontour-head": ONCONTOUR_HEAD,
    "nnunet": NNUNET,
    "nnunet-cascade": NNUNET_CASCADE,
    "paper-002": PAPER_002,
    "paper-004": PAPER_004,
}
"""Presets by name."""


def nnunet_for(patch: tuple[int, int, int]) -> Preset:
    """nnU-Net's set as its trainer fits it to a patch of so many voxels.

    Flat patches turn about their thin axis alone, by any angle, are scaled in the plane, and keep the resolution
    across it. A single slice that is longer than wide (1.5 times) turns by up to 15 degrees.

    >>> nnunet_for((128, 128, 96)) == NNUNET
    True
    >>> nnunet_for((256, 224, 20))[0][2]["rotation"], nnunet_for((256, 224, 20))[0][2]["scaled_axes"]
    ((0.0, 0.0, 180.0), (0, 1))
    """
    thin = patch.index(min(patch))
    if max(patch) <= FLAT * patch[thin]:
        return NNUNET
    plane = tuple(axis for axis in range(3) if axis != thin)
    narrow, wide = sorted(patch[axis] for axis in plane)
    degrees = 15.0 if patch[thin] == 1 and wide > 1.5 * narrow else 180.0
    fitted = {
        "spatial": {"rotation": tuple(degrees if axis == thin else 0.0 for axis in range(3)), "scaled_axes": plane},
        "low_resolution": {"axes": plane},
    }
    return tuple((name, share, {**arguments, **fitted.get(name, {})}) for name, share, arguments in NNUNET)
