"""Augmentation: one transform a file, which draws its parameters from a generator and applies what was drawn.

`Composed` puts the transforms of a plan together; `PRESETS` holds the sets of the papers and of nnU-Net as data.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oncontour.augment.compose import Composed, Drawn
    from oncontour.augment.interface import Sample, Transform
    from oncontour.augment.presets import PRESETS
    from oncontour.augment.registry import TRANSFORMS

__all__ = ["PRESETS", "TRANSFORMS", "Composed", "Drawn", "Sample", "Transform"]

_HOMES = {
    "PRESETS": "presets",
    "TRANSFORMS": "registry",
    "Composed": "compose",
    "Drawn": "compose",
    "Sample": "interface",
    "Transform": "interface",
}
"""Public name -> its module, imported when first asked for: presets and samples need no torch."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'oncontour.augment' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"oncontour.augment.{_HOMES[name]}"), name)
