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
papers 000 and 001 trained with. For patches that are much thinner than wide, turn `rotation` to the plane alone
(180 degrees about the thin axis) and leave that axis out of `low_resolution`."""

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
    "paper-002": PAPER_002,
    "paper-004": PAPER_004,
}
"""Presets by name."""
