"""The weights of a bundle: `fold_K.safetensors`, or `fold_K.STAGE_VIEW.safetensors` for each network of a cascade."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oncontour.core.errors import BundleError
from oncontour.inference.cascade import part_name, stage_views
from oncontour.plans.plan import NetworkPlan, Plan

if TYPE_CHECKING:
    from torch import nn

SUFFIX = ".safetensors"

Precision = Literal["float16", "float32"]

REMEDY = "Install the package again, or export the bundle again."


def parts(plan: Plan) -> Mapping[str, NetworkPlan]:
    """The networks of one fold by their name in files; the one network of a plan without stages has none."""
    if not plan.stages:
        return {"": plan.network}
    return {
        part_name(stage, view): plan.of_stage(stage).network for stage in plan.stages for view in stage_views(stage)
    }


def fold_names(folder: Path) -> list[str]:
    """The folds that a bundle holds, in order.

    >>> fold_names(Path("nowhere"))
    []
    """
    names = {path.name.removesuffix(SUFFIX).partition(".")[0] for path in folder.glob(f"fold_*{SUFFIX}")}
    return sorted(names, key=lambda name: (len(name), name))


def weight_file(fold: str, part: str) -> str:
    """Name of the file of one network.

    >>> weight_file("fold_0", "WT_axial")
    'fold_0.WT_axial.safetensors'
    """
    return ".".join(filter(None, (fold, part))) + SUFFIX


def build(plan: NetworkPlan, where: Path) -> nn.Module:
    """An untrained network.

    Raises:
        BundleError: no network of that name, or arguments that it does not take.
    """
    from oncontour.networks import NETWORKS, build_network

    if plan.name not in NETWORKS:
        known = f"one of {', '.join(sorted(NETWORKS))}"
        raise BundleError(where, f"network {plan.name!r}", known, "Use the version that made the bundle.")
    try:
        return build_network(plan.name, plan.arguments, plan.decoders)
    except (TypeError, ValueError) as error:
        found = f"arguments that {plan.name} does not take ({error})"
        raise BundleError(where, found, "those of the version that made it", REMEDY) from error


def load_networks(folder: Path, plan: Plan) -> tuple[Mapping[str, nn.Module], ...]:
    """For each fold, its networks with their weights, ready to predict.

    Raises:
        BundleError: no fold, a network missing, or weights of another one.
    """
    folds = fold_names(folder)
    if not folds:
        raise BundleError(folder, "no fold_*.safetensors", "the weights of a fold", REMEDY)
    return tuple(
        {part: _load(folder / weight_file(fold, part), network) for part, network in parts(plan).items()}
        for fold in folds
    )


def first_names(network: nn.Module) -> Mapping[str, str]:
    """The first name of each tensor by each of its names: nnU-Net's decoder holds the encoder under names of its own.

    A file of safetensors holds each tensor once.
    """
    firsts: dict[int, str] = {}
    return {name: firsts.setdefault(id(value), name) for name, value in network.state_dict(keep_vars=True).items()}


def _load(path: Path, plan: NetworkPlan) -> nn.Module:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    network = build(plan, path)
    try:
        stored = {name: v.float() if v.is_floating_point() else v for name, v in load_file(path).items()}
        names = first_names(network)
        network.load_state_dict(stored | {name: stored[first] for name, first in names.items() if first in stored})
    except (OSError, SafetensorError) as error:
        raise BundleError(path, "no readable weights", "a safetensors file", REMEDY) from error
    except RuntimeError as error:
        raise BundleError(path, "weights of other names or shapes", f"those of {plan.name}", REMEDY) from error
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]


def save_networks(folder: Path, plan: Plan, networks: Mapping[str, nn.Module], precision: Precision) -> list[str]:
    """Write weights; returns the files' names.

    Args:
        networks: by "fold_K", or by "fold_K.STAGE_VIEW" where the plan has stages.

    Raises:
        BundleError: not one network for each fold and part of the plan.
    """
    import torch
    from safetensors.torch import save

    folds = {name.partition(".")[0] for name in networks}
    expected = {weight_file(fold, part) for fold in folds for part in parts(plan)}
    files = {name + SUFFIX: network for name, network in networks.items()}
    if not files or set(files) != expected:
        found = f"networks for {', '.join(sorted(files)) or 'nothing'}"
        raise BundleError(folder, found, f"{', '.join(sorted(expected))}", "Give one network a fold and part.")
    dtype = torch.float16 if precision == "float16" else torch.float32
    for file, network in files.items():
        firsts = set(first_names(network).values())
        state = {name: value for name, value in network.state_dict().items() if name in firsts}
        stored = {name: value.to(dtype) if value.is_floating_point() else value for name, value in state.items()}
        # `save_file` lets only its owner read what it writes.
        (folder / file).write_bytes(save({name: value.contiguous() for name, value in stored.items()}))
    return sorted(files)
