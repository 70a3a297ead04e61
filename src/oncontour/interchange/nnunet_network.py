"""nnU-Net 2's architectures in terms of our networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from oncontour.core.errors import BundleError
from oncontour.interchange.axes import Order, plane, to_file
from oncontour.plans.plan import NetworkPlan

ARCHITECTURES = {"PlainConvUNet": "nnunet", "ResidualEncoderUNet": "nnunet_resenc"}

PREFIX = "network."
"""Our networks hold nnU-Net's, and MONAI's, under this name."""

REMEDY = "Models of changed architectures or preprocessing are not read."


def with_prefix(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as our networks name them."""
    return {PREFIX + name: value for name, value in weights.items()}


def network_of(
    folder: Path, configuration: Mapping[str, Any], order: Order, inputs: int, outputs: int
) -> tuple[NetworkPlan, bool]:
    """The network, and whether it is 2-D."""
    architecture = configuration.get("architecture") or _old_architecture(configuration)
    kind = str(architecture["network_class_name"]).rpartition(".")[2]
    if kind not in ARCHITECTURES:
        raise BundleError(folder, f"architecture {kind}", f"one of {', '.join(ARCHITECTURES)}", REMEDY)
    given = dict(architecture["arch_kwargs"])
    flat = len(configuration["patch_size"]) == 2
    arguments: dict[str, Any] = {
        "inputs": inputs,
        "outputs": outputs,
        "features_per_stage": given.pop("features_per_stage"),
        "kernel_sizes": per_stage(given.pop("kernel_sizes"), order, flat),
        "strides": per_stage(given.pop("strides"), order, flat),
        "n_conv_per_stage_decoder": given.pop("n_conv_per_stage_decoder"),
        "conv_bias": bool(given.pop("conv_bias", False)),
        "norm_affine": bool((given.get("norm_op_kwargs") or {}).get("affine", False)),
        "norm_eps": float((given.get("norm_op_kwargs") or {}).get("eps", 1e-5)),
    }
    depth = "n_conv_per_stage" if kind == "PlainConvUNet" else "n_blocks_per_stage"
    arguments[depth] = given.pop(depth)
    if flat:
        arguments |= {"dimensions": 2, "axis": order[0]}
    _check_rest(folder, given)
    return NetworkPlan(name=ARCHITECTURES[kind], arguments=arguments), flat


def per_stage(values: Sequence[Any], order: Order, flat: bool) -> list[list[int]]:
    """Numbers of each stage, turned to the file's axes; a 2-D network's are for its rows and columns in that order."""
    wide = [[value] * (2 if flat else 3) if isinstance(value, int) else list(value) for value in values]
    if not flat:
        return [list(to_file(value, order)) for value in wide]
    rows, columns = plane(order)
    return [value if rows < columns else value[::-1] for value in wide]


def _check_rest(folder: Path, given: Mapping[str, Any]) -> None:
    """Refuse an architecture with anything that our networks do not do."""
    usual = {
        "conv_op": ("Conv2d", "Conv3d"),
        "norm_op": ("InstanceNorm2d", "InstanceNorm3d"),
        "nonlin": ("LeakyReLU",),
    }
    for name, value in given.items():
        if name in ("n_stages", "norm_op_kwargs", "deep_supervision", "dropout_op_kwargs"):
            continue
        if name in usual and str(value).rpartition(".")[2] in usual[name]:
            continue
        if name == "nonlin_kwargs" and (value or {}).get("negative_slope", 0.01) == 0.01:
            continue
        if name not in usual and not value:  # a choice that was not made
            continue
        raise BundleError(folder, f"an architecture with {name} = {value}", "nnU-Net's own U-Nets", REMEDY)


def _old_architecture(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The architecture of plans from before nnU-Net 2.3, which name their numbers otherwise."""
    kind = str(configuration["UNet_class_name"])
    depth = "n_conv_per_stage" if kind == "PlainConvUNet" else "n_blocks_per_stage"
    stages = len(configuration["n_conv_per_stage_encoder"])
    first, most = configuration["UNet_base_num_features"], configuration["unet_max_num_features"]
    return {
        "network_class_name": kind,
        "arch_kwargs": {
            "features_per_stage": [min(first * 2**stage, most) for stage in range(stages)],
            "kernel_sizes": configuration["conv_kernel_sizes"],
            "strides": configuration["pool_op_kernel_sizes"],
            depth: configuration["n_conv_per_stage_encoder"],
            "n_conv_per_stage_decoder": configuration["n_conv_per_stage_decoder"],
            "conv_bias": True,
            "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        },
    }


def per_axis(values: Sequence[Any], order: Order, flat: bool, slices: Any) -> tuple[Any, Any, Any]:
    """One value an axis of the file; `slices` for the axis along which a 2-D network's slices lie."""
    return to_file([slices, *values] if flat else values, order)
