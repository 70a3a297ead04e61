"""Reading models that nnU-Net 1 trained: plans.pkl and fold_K/model_final_checkpoint.model with its .pkl.

Its U-Net is that of version 2 under other names, but for the decoder's kernels (`oncontour.interchange.kernels`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from oncontour.core.errors import BundleError
from oncontour.core.labels import LabelScheme
from oncontour.inference.nnunet.steps import Scaling, Steps
from oncontour.interchange.axes import Order, axis_order, permute_weights, to_file
from oncontour.interchange.checkpoints import load_checkpoint, load_pickle
from oncontour.interchange.imported import Imported, file_digests, understood
from oncontour.interchange.kernels import pad_kernels, shared_kernels
from oncontour.interchange.names import channels, scheme_of_labels, scheme_of_regions
from oncontour.interchange.nnunet import find_checkpoints, mirrored, model_json, predicted_as_is, tiles, training
from oncontour.interchange.nnunet_network import REMEDY, per_stage, with_prefix
from oncontour.interchange.wishes import Wishes
from oncontour.plans.plan import NetworkPlan, Plan

CHECKPOINT = "model_final_checkpoint.model"

BRATS = {"whole tumor": [1, 2, 3], "tumor core": [2, 3], "enhancing tumor": [3]}
"""The regions that trainers named "...BraTSRegions..." learn, painted as 1, 2, 3."""

SCALINGS: Mapping[str, Scaling] = {"nonCT": "zscore", "noNorm": "none"}


def is_nnunet_v1(folder: Path) -> bool:
    """Whether a folder is a model that nnU-Net 1 trained."""
    return (folder / "plans.pkl").is_file() and any(folder.glob("fold_*/*.model.pkl"))


def read_nnunet_v1(folder: Path, wishes: Wishes | None = None) -> Imported:
    """Read a trained model.

    Args:
        folder: such as nnUNet/3d_fullres/Task001_NAME/nnUNetTrainerV2__nnUNetPlansv2.1.
        wishes: what the user says about it; its dataset.json gives labels their names.

    Raises:
        BundleError: a file missing or damaged, or something that is not read; the message says what.
    """
    wishes = wishes or Wishes()
    checkpoints = find_checkpoints(folder, wishes.folds, wishes.checkpoint or CHECKPOINT)
    first = next(iter(checkpoints.values()))
    info = load_pickle(first.with_name(first.name + ".pkl"))
    plans = info["plans"] if "plans" in info else load_pickle(folder / "plans.pkl")
    states = {fold: load_checkpoint(path)["state_dict"] for fold, path in checkpoints.items()}
    with understood(folder, "model", "plans and checkpoints of one nnU-Net 1 model", REMEDY):
        trainer, stage = str(info["name"]), _stage(folder, plans, info)
        if "cascade" in trainer.lower():
            raise BundleError(folder, f"a cascade of version 1 ({trainer})", "a model of one stage", REMEDY)
        order = axis_order(plans.get("transpose_forward") or (0, 1, 2))
        flat = len(stage["patch_size"]) == 2
        weights = {fold: renamed(state) for fold, state in states.items()}
        name, state = wishes.name or folder.parent.name, next(iter(weights.values()))
        outputs = int(state["decoder.seg_layers.0.weight"].shape[0])
        scheme, by_regions = _scheme(folder, name, plans, trainer, outputs, wishes)
        kernels = shared_kernels([list(map(int, kernel)) for kernel in stage["conv_kernel_sizes"]])
        padded = {fold: pad_kernels(state, kernels) for fold, state in weights.items()}
        spacing = to_file([float(mm) for mm in stage["current_spacing"]], order)
        images = [str(plans["modalities"][key]) for key in sorted(plans["modalities"])]
        axes = () if "noMirror" in trainer else tuple(range(2 if flat else 3))
        plan = Plan(
            name=name,
            scheme=scheme.name,
            channels=channels(folder, images, wishes.channels),
            spacing_mm=spacing,
            normalisation="zscore",
            network=NetworkPlan(
                name="nnunet",
                arguments={
                    "inputs": len(images),
                    "outputs": outputs,
                    "features_per_stage": _features(state, len(kernels)),
                    **_layers(plans, stage, kernels, order, flat),
                },
            ),
            training=training(stage, order, flat, by_regions),
            inference=tiles(stage, order, flat, mirrored(axes, order, flat), "probabilities"),
            postprocess=predicted_as_is(),
            why={"inference": "as nnU-Net 1 predicts.", "postprocess": "nnU-Net's prediction as it is."},
        )
        kept = [None, *stage["current_spacing"][1:]] if flat else stage["current_spacing"]
        steps = _steps(folder, plans, to_file([mm and float(mm) for mm in kept], order))
    source = {
        "program": "nnU-Net 1",
        "task": folder.parent.name,
        "trainer": trainer,
        "sha256": file_digests(checkpoints.values()),
    }
    ours = {fold: permute_weights(with_prefix(own), order) for fold, own in padded.items()}
    return Imported(plan, scheme, ours, source, steps)


def _stage(folder: Path, plans: Mapping[str, Any], info: Mapping[str, Any]) -> Mapping[str, Any]:
    """The plans of the stage that was trained: the trainer's sixth argument, where there are several."""
    stages = plans["plans_per_stage"]
    chosen = info["init"][5] if len(stages) > 1 else next(iter(stages))
    if chosen not in stages:
        raise BundleError(folder, f"stage {chosen}", f"one of {sorted(stages)}", REMEDY)
    return stages[chosen]


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Version 1's weights under version 2's names; biases that version 1 lacks are zero.

    >>> sorted(renamed({"seg_outputs.0.weight": torch.ones(2, 4, 1, 1, 1)}))
    ['decoder.seg_layers.0.bias', 'decoder.seg_layers.0.weight']
    """
    plain = {name.removeprefix("module."): value for name, value in state.items()}
    depth = 1 + max((int(n.split(".")[1]) for n in plain if n.startswith("conv_blocks_context")), default=0)
    out: dict[str, Tensor] = {}
    for name, value in plain.items():
        new = _new_name(name, depth, plain)
        out[new] = value
        if name.startswith(("tu.", "seg_outputs.")) and name.endswith("weight"):
            count = value.shape[1] if name.startswith("tu.") else value.shape[0]
            out.setdefault(new.replace("weight", "bias"), torch.zeros(count))
    return out


def _new_name(name: str, depth: int, state: Mapping[str, Tensor]) -> str:
    name = name.replace(".instnorm.", ".norm.")
    if found := re.fullmatch(r"tu\.(\d+)\.(.+)", name):
        return f"decoder.transpconvs.{found[1]}.{found[2]}"
    if found := re.fullmatch(r"seg_outputs\.(\d+)\.(.+)", name):
        return f"decoder.seg_layers.{found[1]}.{found[2]}"
    if found := re.fullmatch(r"conv_blocks_context\.(\d+)\.blocks\.(.+)", name):
        return f"encoder.stages.{found[1]}.0.convs.{found[2]}"
    if found := re.fullmatch(r"conv_blocks_(context|localization)\.(\d+)\.(\d)\.blocks\.(\d+)\.(.+)", name):
        kind, stage, half, block, rest = found.groups()
        number = int(block) + (_blocks(f"conv_blocks_{kind}.{stage}.0.blocks.", state) if half == "1" else 0)
        if kind == "context" and int(stage) == depth - 1:
            return f"encoder.stages.{stage}.0.convs.{number}.{rest}"
        return f"decoder.stages.{stage}.convs.{number}.{rest}"
    raise ValueError(f"weight {name}")


def _blocks(prefix: str, state: Mapping[str, Tensor]) -> int:
    return len({name.removeprefix(prefix).split(".")[0] for name in state if name.startswith(prefix)})


def _features(state: Mapping[str, Tensor], stages: int) -> list[int]:
    return [int(state[f"encoder.stages.{stage}.0.convs.0.conv.weight"].shape[0]) for stage in range(stages)]


def _layers(
    plans: Mapping[str, Any], stage: Mapping[str, Any], kernels: Sequence[Sequence[int]], order: Order, flat: bool
) -> dict[str, Any]:
    """Arguments of the network: kernels, strides and number of convolutions, along the file's axes."""
    strides = [[1] * len(kernels[0]), *([int(n) for n in stride] for stride in stage["pool_op_kernel_sizes"])]
    convolutions = int(plans.get("conv_per_stage", 2))
    return {
        "kernel_sizes": per_stage(kernels, order, flat),
        "strides": per_stage(strides, order, flat),
        "n_conv_per_stage": convolutions,
        "n_conv_per_stage_decoder": convolutions,
        **({"dimensions": 2, "axis": order[0]} if flat else {}),
    }


def _scheme(
    folder: Path, name: str, plans: Mapping[str, Any], trainer: str, outputs: int, wishes: Wishes
) -> tuple[LabelScheme, bool]:
    """Labels and regions, and whether there is one output a region; version 1's models do not name their labels."""
    values = [int(value) for value in plans["all_classes"] if int(value) > 0]
    if "BraTSRegions" in trainer:
        return scheme_of_regions(folder, name, BRATS, [1, 2, 3]), True
    if outputs != len(values) + 1:
        found = f"{outputs} outputs for labels {values} by {trainer}"
        raise BundleError(folder, found, "background and one output a label", REMEDY)
    named = {int(k): str(v) for k, v in model_json(wishes.dataset)["labels"].items()} if wishes.dataset else {}
    return scheme_of_labels(name, {named.get(value, f"label {value}"): value for value in values}), False


def _steps(folder: Path, plans: Mapping[str, Any], spacing: tuple[float | None, float | None, float | None]) -> Steps:
    schemes = [str(plans["normalization_schemes"][n]) for n in sorted(plans["normalization_schemes"])]
    preprocessor = str(plans.get("preprocessor_name", "GenericPreprocessor"))
    unknown = [scheme for scheme in schemes if scheme not in SCALINGS]
    if unknown or preprocessor not in ("GenericPreprocessor", "PreprocessorFor2D"):
        found = ", ".join(unknown) or preprocessor
        raise BundleError(folder, found, f"{' or '.join(SCALINGS)} by GenericPreprocessor", REMEDY)
    export = plans.get("segmentation_export_params") or {}
    if export.get("interpolation_order_z", 0) != 0:
        raise BundleError(folder, "resampling with interpolation_order_z", "0", REMEDY)
    return Steps(
        version=1,
        spacing=spacing,
        scaling=tuple(SCALINGS[scheme] for scheme in schemes),
        masked=tuple(bool(plans["use_mask_for_norm"][n]) for n in sorted(plans["use_mask_for_norm"])),
        output_order=int(export.get("interpolation_order", 1)),
        separate=export.get("force_separate_z"),
    )
