"""Writing a bundle as a model folder that nnU-Net 2 itself predicts with.

nnU-Net prepares images and averages in its own way: cubic resampling, z-scores over what is not zero, mean logits of
tiles, every combination of mirrored axes. What a bundle's plan says otherwise is not in such a folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from oncontour.core.errors import BundleError, OutputError
from oncontour.inference.bundle import Bundle
from oncontour.inference.nnunet.steps import Steps
from oncontour.inference.weights import fold_names
from oncontour.interchange.axes import Order, inverse, permute_weights, to_nnunet
from oncontour.interchange.nnunet import READERS, SCALINGS
from oncontour.interchange.nnunet_network import ARCHITECTURES, PREFIX

CLASSES = {name: kind for kind, name in ARCHITECTURES.items()}

HOME = "dynamic_network_architectures.architectures.unet"

REMEDY = "Export it with --onnx, which any program can run."


def export_nnunet(bundle: Bundle, out: Path) -> Path:
    """Write the model folder: plans.json, dataset.json, fold_K/checkpoint_final.pth.

    Args:
        bundle: of nnU-Net's own U-Nets.
        out: a new folder; the coarse model of a cascade goes into OUT/previous.

    Raises:
        BundleError: something that nnU-Net cannot do; the message says what.
        OutputError: the folder is there already, with something in it.
    """
    if out.exists() and any(out.iterdir()):
        raise OutputError(out, "a folder with files in it", "a new folder", "Choose another folder.")
    chain = [bundle] if bundle.previous is None else [bundle, bundle.previous]
    for model in chain:
        _check(model)
    names = _configurations(chain)
    plans = _plans(bundle, {name: _configuration(model, names) for name, model in names.items()})
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        for name, model in names.items():
            _write(part if model is bundle else part / "previous", name, model, plans)
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():
            out.rmdir()
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return out


def _check(bundle: Bundle) -> None:
    """Refuse what nnU-Net cannot do."""
    plan, scheme = bundle.plan, bundle.scheme
    values = [label.value for label in scheme.labels]
    problem = None
    if plan.stages:
        problem = "a cascade of regions", "one network, or nnU-Net's own cascade"
    elif plan.network.name not in CLASSES:
        problem = f"network {plan.network.name}", " or ".join(CLASSES)
    elif not plan.channels:
        problem = "a model of any one image", "named sequences"
    elif bundle.steps is None and plan.normalisation != "zscore":
        problem = f"normalisation {plan.normalisation}", "zscore, as nnU-Net has it"
    elif plan.training.loss.output == "softmax" and values != list(range(1, len(values) + 1)):
        problem = f"labels {values}", "labels counted from 1"
    if problem:
        raise BundleError(bundle.folder, problem[0], problem[1], REMEDY)


def _is_flat(bundle: Bundle) -> bool:
    return bundle.plan.network.arguments.get("dimensions", 3) == 2


def _order(bundle: Bundle) -> Order:
    """The file's axis of each of nnU-Net's: slices first, or the axes reversed as its readers have them."""
    if not _is_flat(bundle):
        return 2, 1, 0
    slices = int(bundle.plan.network.arguments.get("axis", 2))
    rows, columns = (axis for axis in range(3) if axis != slices)
    return slices, rows, columns


def _configurations(chain: Sequence[Bundle]) -> dict[str, Bundle]:
    if len(chain) == 2:
        return {"3d_cascade_fullres": chain[0], "3d_lowres": chain[1]}
    return {"2d" if _is_flat(chain[0]) else "3d_fullres": chain[0]}


def _plans(bundle: Bundle, configurations: Mapping[str, Any]) -> dict[str, Any]:
    order = _order(bundle)
    forward = [2 - axis for axis in order]
    readers = {axes: reader for reader, axes in READERS.items()}
    axes = bundle.steps.axes if bundle.steps else "RAS"
    return {
        "dataset_name": "Dataset001_" + bundle.scheme.name.removeprefix("Dataset001_"),
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": list(to_nnunet(bundle.plan.spacing, order)),
        "image_reader_writer": readers[axes] if axes else "SimpleITKIO",
        "transpose_forward": forward,
        "transpose_backward": [int(axis) for axis in np.argsort(forward)],
        "configurations": dict(configurations),
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {str(n): {} for n in range(len(bundle.plan.channels))},
    }


def _configuration(bundle: Bundle, names: Mapping[str, Bundle]) -> dict[str, Any]:
    plan, order, flat = bundle.plan, _order(bundle), _is_flat(bundle)
    steps = bundle.steps or Steps(
        spacing=plan.spacing, scaling=("zscore",) * len(plan.channels), masked=(True,) * len(plan.channels)
    )
    scalings = {ours: theirs for theirs, ours in SCALINGS.items()}
    spacing = to_nnunet([own or usual for own, usual in zip(steps.spacing, plan.spacing, strict=True)], order)
    tile = to_nnunet(plan.inference.tile, order)
    orders = {"data": steps.image_order, "seg": steps.label_order, "probabilities": steps.output_order}
    resampling = {}
    for what, number in orders.items():
        resampling[f"resampling_fn_{what}"] = "resample_data_or_seg_to_shape"
        resampling[f"resampling_fn_{what}_kwargs"] = {
            "is_seg": what == "seg",
            "order": number,
            "order_z": 0,
            "force_separate_z": steps.separate,
        }
    previous = [name for name, model in names.items() if model is bundle.previous]
    return {
        "data_identifier": f"oncontour_{plan.name}",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": plan.training.batch,
        "patch_size": list(tile[1:] if flat else tile),
        "spacing": list(spacing[1:] if flat else spacing),
        "normalization_schemes": [scalings[how] for how in steps.scaling],
        "use_mask_for_norm": list(steps.masked),
        **resampling,
        "batch_dice": plan.training.loss.batch_dice,
        "architecture": _architecture(bundle, order, flat),
        **({"previous_stage": previous[0]} if previous else {}),
    }


def _architecture(bundle: Bundle, order: Order, flat: bool) -> dict[str, Any]:
    """What nnU-Net builds its network from, read off our network."""
    network: Any = bundle.networks[0][""].network
    encoder, decoder = network.encoder, network.decoder
    kind, dimensions = CLASSES[bundle.plan.network.name], 2 if flat else 3
    plain = kind == "PlainConvUNet"

    def turned(sizes: Sequence[Sequence[int]]) -> list[list[int]]:
        return [list(size) if flat else list(to_nnunet(size, order)) for size in sizes]

    depths = [len(stage[0].convs) if plain else len(stage.blocks) for stage in encoder.stages]
    return {
        "network_class_name": f"{HOME}.{kind}",
        "arch_kwargs": {
            "n_stages": len(depths),
            "features_per_stage": list(encoder.output_channels),
            "conv_op": f"torch.nn.modules.conv.Conv{dimensions}d",
            "kernel_sizes": turned(encoder.kernel_sizes),
            "strides": turned(encoder.strides),
            "n_conv_per_stage" if plain else "n_blocks_per_stage": depths,
            "n_conv_per_stage_decoder": [len(stage.convs) for stage in decoder.stages],
            "conv_bias": bool(encoder.conv_bias),
            "norm_op": f"torch.nn.modules.instancenorm.InstanceNorm{dimensions}d",
            "norm_op_kwargs": dict(encoder.norm_op_kwargs),
            "dropout_op": None,
            "dropout_op_kwargs": None,
            "nonlin": "torch.nn.LeakyReLU",
            "nonlin_kwargs": {"inplace": True},
        },
        "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
    }


def _write(folder: Path, configuration: str, bundle: Bundle, plans: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True)
    (folder / "plans.json").write_text(json.dumps(plans, indent=2) + "\n", "utf-8")
    (folder / "dataset.json").write_text(json.dumps(_dataset(bundle), indent=2) + "\n", "utf-8")
    order, flat = _order(bundle), _is_flat(bundle)
    axes = [order.index(axis) for axis in bundle.plan.inference.mirror]
    mirror = sorted(axis - flat for axis in axes if axis >= flat)  # a 2-D network's slices do not see their order
    for fold, networks in zip(fold_names(bundle.folder), bundle.networks, strict=True):
        checkpoint = {
            "network_weights": _weights(networks[""], order, flat),
            "trainer_name": "nnUNetTrainer",
            "init_args": {"configuration": configuration},
            "inference_allowed_mirroring_axes": tuple(mirror) or None,
        }
        (folder / fold).mkdir()
        torch.save(checkpoint, folder / fold / "checkpoint_final.pth")


def _weights(network: nn.Module, order: Order, flat: bool) -> dict[str, Tensor]:
    state = {name.removeprefix(PREFIX): value.contiguous() for name, value in network.state_dict().items()}
    return state if flat else permute_weights(state, inverse(order))


def _dataset(bundle: Bundle) -> dict[str, Any]:
    """dataset.json: channels and labels, or regions and the values that they paint."""
    scheme = bundle.scheme
    content: dict[str, Any] = {
        "name": bundle.name,
        "licence": str(bundle.provenance.get("licence", "not stated")),
        "channel_names": {str(n): str(sequence) for n, sequence in enumerate(bundle.plan.channels)},
        "numTraining": 0,
        "file_ending": ".nii.gz",
    }
    if bundle.plan.training.loss.output == "softmax":
        return content | {"labels": {"background": 0, **{label.name: label.value for label in scheme.labels}}}
    regions = {region.name: list(scheme.values(region)) for region in scheme.regions}
    if all(len(values) == 1 for values in regions.values()):
        # nnU-Net takes regions of one label each for softmax's classes; a label that never occurs tells them apart.
        next(iter(regions.values())).append(1 + max(label.value for label in scheme.labels))
    order = list(scheme.painting().values())
    return content | {"labels": {"background": 0, **regions}, "regions_class_order": order}
