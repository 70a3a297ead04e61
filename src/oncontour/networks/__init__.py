"""Networks: plain modules from (B, C, D, H, W) to logits; `interface.Network` says what each one gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from oncontour.core.errors import InputError

if TYPE_CHECKING:
    from torch import nn


class _Networks(Mapping[str, "Callable[..., nn.Module]"]):
    """Constructors by name; a network's module is imported when its name is looked up, for some take seconds.

    Args:
        homes: of each network its module and its class.
    """

    def __init__(self, homes: Mapping[str, tuple[str, str]]) -> None:
        self._homes = homes

    def __getitem__(self, name: str) -> Callable[..., nn.Module]:
        if name not in self._homes:
            known = ", ".join(self._homes)
            raise InputError("network", repr(name), f"one of {known}", "Correct the network's name in the plan.")
        module, attribute = self._homes[name]
        try:
            return getattr(import_module(f"{__name__}.{module}"), attribute)
        except ModuleNotFoundError as error:
            remedy = "Install it: pip install 'oncontour[networks]'."
            raise InputError(
                f"network {name}", f"no package {error.name}", "the package it is built on", remedy
            ) from error

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


def build_network(name: str, arguments: Mapping[str, Any], decoders: int = 1) -> nn.Module:
    """A network with fresh weights; with several decoders, each with `outputs` logits of its own, on one encoder.

    Raises:
        InputError: no such network, or arguments of which it says why they are wrong.
        TypeError, ValueError: arguments that it does not take.
    """
    made = [NETWORKS[name](**arguments) for _ in range(decoders)]
    if decoders == 1:
        return made[0]
    from oncontour.networks.shared import share_encoder

    return share_encoder(made)


NETWORKS: Mapping[str, Callable[..., nn.Module]] = _Networks(
    {
        "residual_unet": ("unet", "ResidualUNet"),
        "nnunet": ("nnunet", "NNUNet"),
        "nnunet_resenc": ("nnunet", "ResidualNNUNet"),
        "segresnet": ("segresnet", "SegResNet"),
        "ar": ("segresnet", "SegResNetVAE"),
        "deepmedic": ("deepmedic", "DeepMedic"),
        "unet_report": ("unet_report", "ReportUNet"),
        "ca_cnn": ("anisotropic", "AnisotropicNet"),
        "ar_ca": ("anisotropic", "AnisotropicNetVAE"),
    }
)
"""Every network by the name that plans use."""
