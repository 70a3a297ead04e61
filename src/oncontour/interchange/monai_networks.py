"""MONAI's SegResNet and DynUNet in terms of our networks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from oncontour.core.errors import BundleError
from oncontour.interchange.kernels import pad_kernels, shared_kernels
from oncontour.plans.plan import NetworkPlan

REMEDY = "Such a model is not read."


@dataclass(frozen=True)
class Translation:
    """A network of ours for one of MONAI's, and the way of its weights.

    Args:
        network: ours.
        weights: MONAI's state -> ours, but for the prefix of our names.
        last: names, in ours, of the weight and bias that give the outputs.
    """

    network: NetworkPlan
    weights: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]
    last: tuple[str, ...]


def translate(where: Path, kind: str, arguments: Mapping[str, Any]) -> Translation:
    """The translation of a network that a MONAI bundle's configuration describes.

    Raises:
        BundleError: another network, or one with something that ours do not do.
    """
    if int(arguments.get("spatial_dims", 3)) != 3:
        raise BundleError(where, f"a {arguments['spatial_dims']}-D {kind}", "a network of volumes", REMEDY)
    if kind == "SegResNet":
        return _segresnet(arguments)
    if kind == "DynUNet":
        return _dynunet(where, arguments)
    raise BundleError(where, f"network {kind}", "SegResNet or DynUNet", REMEDY)


def _segresnet(given: Mapping[str, Any]) -> Translation:
    rest = {
        name: value
        for name, value in given.items()
        if name in ("act", "norm_name", "num_groups", "use_conv_final") or (name == "norm" and isinstance(value, str))
    }
    groups = dict(given["norm"][1]) if not isinstance(given.get("norm", ""), str) else {}
    arguments = {
        "inputs": int(given.get("in_channels", 1)),
        "outputs": int(given.get("out_channels", 2)),
        "features": int(given.get("init_filters", 8)),
        "blocks_down": list(given.get("blocks_down", (1, 2, 2, 4))),
        "blocks_up": list(given.get("blocks_up", (1, 1, 1))),
        "dropout": float(given.get("dropout_prob") or 0.0),
        "groups": int(groups.get("num_groups", 8)),
        "upsampling": str(given.get("upsample_mode", "nontrainable")).lower(),
        **rest,
    }
    last = ("conv_final.2.conv.weight", "conv_final.2.conv.bias")
    return Translation(NetworkPlan(name="segresnet", arguments=arguments), dict, last)


def _dynunet(where: Path, given: Mapping[str, Any]) -> Translation:
    kernels = [_three(kernel) for kernel in given["kernel_size"]]
    strides = [_three(stride) for stride in given["strides"]]
    depth = len(strides)
    features = list(given.get("filters") or [min(2 ** (5 + stage), 320) for stage in range(depth)])[:depth]
    norm, act = given.get("norm_name", ("INSTANCE", {"affine": True})), given.get("act_name", "leakyrelu")
    unlike = {
        "res_block": bool(given.get("res_block")),
        "norm_name": _name(norm) not in ("instance", "instance_nvfuser"),
        "act_name": _name(act) != "leakyrelu" or _options(act).get("negative_slope", 0.01) != 0.01,
        "upsample_kernel_size": [_three(kernel) for kernel in given["upsample_kernel_size"]] != strides[1:],
        "strides": strides[0] != [1, 1, 1],
    }
    for name, refused in unlike.items():
        if refused:
            raise BundleError(where, f"a DynUNet with {name} = {given.get(name)}", "nnU-Net's plain U-Net", REMEDY)
    shared = shared_kernels(kernels)
    arguments = {
        "inputs": int(given["in_channels"]),
        "outputs": int(given["out_channels"]),
        "features_per_stage": features,
        "kernel_sizes": shared,
        "strides": strides,
        "conv_bias": bool(given.get("trans_bias", False)),
        "norm_affine": bool(_options(norm).get("affine", _name(norm) != "instance")),
        "deep_supervision": bool(given.get("deep_supervision", False)),
    }

    def weights(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return pad_kernels(_complete(renamed(state, depth), features, arguments), shared)

    last = (f"decoder.seg_layers.{depth - 2}.weight", f"decoder.seg_layers.{depth - 2}.bias")
    return Translation(NetworkPlan(name="nnunet", arguments=arguments), weights, last)


def renamed(state: Mapping[str, Tensor], depth: int) -> dict[str, Tensor]:
    """A DynUNet's weights under nnU-Net's names; MONAI's second names for the same ones are left out.

    >>> list(renamed({"bottleneck.norm2.bias": torch.ones(8), "skip_layers.x": torch.ones(1)}, 4))
    ['encoder.stages.3.0.convs.1.norm.bias']
    """
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        if name.startswith("skip_layers."):
            continue
        out[_new_name(name, depth)] = value
    return out


def _new_name(name: str, depth: int) -> str:
    if found := re.fullmatch(r"(?:input_block|bottleneck|downsamples\.(\d+))\.(.+)", name):
        stage = 0 if name.startswith("input") else depth - 1 if found[1] is None else 1 + int(found[1])
        return f"encoder.stages.{stage}.0.convs.{_layer(found[2])}"
    if found := re.fullmatch(r"upsamples\.(\d+)\.transp_conv\.conv\.(\w+)", name):
        return f"decoder.transpconvs.{found[1]}.{found[2]}"
    if found := re.fullmatch(r"upsamples\.(\d+)\.conv_block\.(.+)", name):
        return f"decoder.stages.{found[1]}.convs.{_layer(found[2])}"
    if found := re.fullmatch(r"output_block\.conv\.conv\.(\w+)", name):
        return f"decoder.seg_layers.{depth - 2}.{found[1]}"
    if found := re.fullmatch(r"deep_supervision_heads\.(\d+)\.conv\.conv\.(\w+)", name):
        return f"decoder.seg_layers.{depth - 3 - int(found[1])}.{found[2]}"
    raise ValueError(f"weight {name}")


def _layer(name: str) -> str:
    """Such as "conv1.conv.weight" -> "0.conv.weight", "norm2.bias" -> "1.norm.bias"."""
    found = re.fullmatch(r"(conv|norm)([12])(?:\.conv)?\.(\w+)", name)
    if found is None:
        raise ValueError(f"weight {name}")
    return f"{int(found[2]) - 1}.{found[1]}.{found[3]}"


def _complete(state: Mapping[str, Tensor], features: Sequence[int], arguments: Mapping[str, Any]) -> dict[str, Tensor]:
    """With zeros for what MONAI's network lacks: logits of further resolutions, and biases of convolutions."""
    outputs, depth = arguments["outputs"], len(features)
    zeros = {}
    for n in range(depth - 1):
        zeros[f"decoder.seg_layers.{n}.weight"] = torch.zeros(outputs, features[depth - 2 - n], 1, 1, 1)
        zeros[f"decoder.seg_layers.{n}.bias"] = torch.zeros(outputs)
    if arguments["conv_bias"]:
        convolutions = [name for name in state if re.search(r"convs\.\d\.conv\.weight$", name)]
        zeros |= {name.replace("weight", "bias"): torch.zeros(state[name].shape[0]) for name in convolutions}
    return {**zeros, **state}


def _three(value: int | Sequence[int]) -> list[int]:
    return [value] * 3 if isinstance(value, int) else [int(n) for n in value]


def _name(layer: Any) -> str:
    return str(layer if isinstance(layer, str) else layer[0]).lower()


def _options(layer: Any) -> Mapping[str, Any]:
    return {} if isinstance(layer, str) else dict(layer[1])
