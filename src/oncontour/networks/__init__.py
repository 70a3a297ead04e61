"""Networks: plain modules from (B, C, D, H, W) to logits; `interface.Network` says what each one gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from oncontour.core.errors import InputError

if TYPE_CHECKING:
    from torch import nn


class _Networks(Mapping[str, "Callable[..., nn.Module]"]):
    """Constructors by name; a network's module is imported when its name is looked up, for some take seconds.

    Args:
        homes: of each network its module, its class, and the arguments that the name stands for.
    """

    def __init__(self, homes: Mapping[str, tuple[str, str, Mapping[str, Any]]]) -> None:
        self._homes = homes

    def __getitem__(self, name: str) -> Callable[..., nn.Module]:
        if name not in self._homes:
            known = ", ".join(self._homes)
            raise InputError("network", repr(name), f"one of {known}", "Correct the network's name in the plan.")
        module, attribute, arguments = self._homes[name]
        constructor = getattr(import_module(f"{__name__}.{module}"), attribute)
        return partial(constructor, **arguments) if arguments else constructor

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


NETWORKS: Mapping[str, Callable[..., nn.Module]] = _Networks(
    {
        "residual_unet": ("unet", "ResidualUNet", {}),
        "nnunet": ("nnunet", "NNUNet", {}),
        "nnunet_resenc": ("nnunet", "ResidualNNUNet", {}),
        "segresnet": ("segresnet", "SegResNet", {}),
        "ar": ("segresnet", "SegResNetVAE", {}),
        "deepmedic": ("deepmedic", "DeepMedic", {}),
        "unet_report": ("unet_report", "ReportUNet", {}),
        "ca_cnn": ("anisotropic", "AnisotropicNet", {"reconstruct": False}),
        "ar_ca": ("anisotropic", "AnisotropicNet", {"reconstruct": True}),
    }
)
"""Every network by the name that plans use."""
