"""Oncontour: brain tumour segmentation on MRI, end to end. Research use only; not a medical device."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oncontour.pipeline.options import Options
    from oncontour.pipeline.segment import segment

__version__ = "0.1.0.dev0"

__all__ = ["Options", "__version__", "segment"]

_HOMES = {"Options": "oncontour.pipeline.options", "segment": "oncontour.pipeline.segment"}
"""Public name -> its module, imported when first asked for: `import oncontour` alone stays quick."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'oncontour' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
