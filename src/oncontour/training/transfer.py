"""Another model's weights as a network's first ones: its stem takes other sequences, its head other targets.

Tensors are matched by name, sequences and targets by theirs. Which axis of which tensor belongs to the inputs, and
which to the outputs, is found by building the network with one more of each; so it holds for every network.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.inference.bundle import load_bundle
from oncontour.inference.cascade import part_name
from oncontour.inference.weights import first_names
from oncontour.plans.plan import NetworkPlan, Plan, StagePlan
from oncontour.plans.training import StartPlan
from oncontour.training.job import Job
from oncontour.training.state import load_weights, make_network, shipped_weights

ANY = "any"
"""The one input of a network that takes an image of any sequence."""

LEAST = 0.1
"""Share of a network's numbers that must come from the other model: less is a mistake, such as another width."""

BRANCH = re.compile(r"^branches\.\d+\.")
"""Before the tensors of each decoder of a shared encoder: each begins as the other model's one."""

Sources = Sequence[Sequence[int]]
"""For each of the new names, the old ones whose mean it takes; none: it begins at random."""


@dataclass(frozen=True)
class Face:
    """What a network's channels are called.

    Args:
        inputs: sequences.
        outputs: regions, or the background and labels of a softmax.
        softmax: whether they exclude each other.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    softmax: bool


@dataclass(frozen=True)
class Loaded:
    """Where a tensor of the network came from.

    Args:
        tensor: its name.
        numbers: how many it holds.
        kind: kept as it was; adapted, see `how`; fresh, as initialised.
        how: in words.
    """

    tensor: str
    numbers: int
    kind: Literal["kept", "adapted", "fresh"]
    how: str = ""


def begin(job: Job, network: nn.Module) -> list[Loaded]:
    """Give a fresh network the weights that its job begins with; returns what came from where, nothing if none did.

    Raises:
        InputError: weights that fit nowhere, or names in `training.start` that one of the two does not have.
        BundleError: the other model cannot be read.
    """
    if job.after:
        network.load_state_dict(load_weights(shipped_weights(job.after)))
        return []
    if not job.start:
        return []
    bundle = load_bundle(job.start)
    folds = bundle.networks
    parts = folds[job.fold if job.fold < len(folds) else 0]
    part = part_name(job.stage, job.view) if job.stage else ""
    if part not in parts:
        found = f"networks {', '.join(map(repr, parts))}"
        raise InputError(job.start, found, f"one called {part!r}", "Give a bundle of the same stages and views.")
    stages = {stage.region: stage for stage in bundle.plan.stages}
    theirs = stages[job.stage.region] if job.stage else None
    old_plan = bundle.plan.of_stage(theirs) if theirs else bundle.plan
    return transfer(
        network,
        job.network,
        face(job.plan, SCHEMES[job.plan.scheme], job.stage),
        parts[part],
        old_plan.network,
        face(old_plan, bundle.scheme, theirs),
        job.plan.training.start,
    )


def face(plan: Plan, scheme: LabelScheme, stage: StagePlan | None = None) -> Face:
    """The names of a network's inputs and outputs, in the order of its channels."""
    inputs = [str(channel) for channel in plan.channels] or [ANY]
    guides = int(plan.network.arguments["inputs"]) - len(inputs)
    inputs += [f"{plan.previous} {label.name}" for label in scheme.labels][:guides]
    regions = [stage.region] if stage else [region.name for region in scheme.regions]
    softmax = plan.training.loss.output == "softmax"
    labels = regions if stage else [label.name for label in scheme.labels]
    return Face(tuple(inputs), ("background", *labels) if softmax else tuple(regions), softmax)


def transfer(
    network: nn.Module, plan: NetworkPlan, own: Face, other: nn.Module, other_plan: NetworkPlan, theirs: Face,
    start: StartPlan,
) -> list[Loaded]:  # fmt: skip
    """Fill a network with what fits of another's weights; a row for each tensor.

    Raises:
        InputError: hardly anything fits, or names in `start` that one of the two does not have.
    """
    inputs = input_sources(own.inputs, theirs.inputs, {str(new): str(old) for new, old in start.channels.items()})
    outputs = output_sources(own.outputs, theirs.outputs, start.targets)
    if own.softmax != theirs.softmax:  # A label and a region of one name are not the same thing.
        outputs = [found if name in start.targets else [] for name, found in zip(own.outputs, outputs, strict=True)]
    stem, head = _axes(plan, "inputs"), _axes(plan, "outputs")
    old, new = other.state_dict(), network.state_dict()
    rows = []
    for name in dict.fromkeys(first_names(network).values()):
        value, kind, how = new[name], "fresh", "the other model has no such tensor"
        source = name if name in old else BRANCH.sub("", name)
        if source in old:
            sides = [
                (axis, sources, before, after)
                for axes, sources, before, after in (
                    (stem, inputs, theirs.inputs, own.inputs),
                    (head, outputs, theirs.outputs, own.outputs),
                )
                if (axis := axes.get(name)) is not None
            ]
            kind, how = _fill(value, old[source], sides)
        rows.append(Loaded(name, value.numel(), kind, how))
    fitting = sum(row.numbers for row in rows if row.kind != "fresh")
    if fitting < LEAST * sum(row.numbers for row in rows):
        found, expected = f"{other_plan.name} {dict(other_plan.arguments)}", f"{plan.name} {dict(plan.arguments)}"
        remedy = "Make the plan for this model: `oncontour plan DATASET --from BUNDLE`."
        raise InputError("--from", found, expected, remedy)
    return rows


def input_sources(own: Sequence[str], theirs: Sequence[str], given: Mapping[str, str]) -> Sources:
    """For each sequence the old one of its name, or the one that is given for it, or all old ones.

    >>> input_sources(["FLAIR", "T1CE", "ADC"], ["T2", "FLAIR", "T1CE"], {"ADC": "T2"})
    [[1], [2], [0]]
    >>> input_sources(["T1"], ["T2", "FLAIR"], {})
    [[0, 1]]
    """
    return [found or list(range(len(theirs))) for found in _named(own, theirs, given, "channels")]


def output_sources(own: Sequence[str], theirs: Sequence[str], given: Mapping[str, str]) -> Sources:
    """For each target the old one of its name, or the one that is given for it, or none.

    >>> output_sources(["ET", "FLAIR", "ADC"], ["WT", "TC", "ET"], {"FLAIR": "WT"})
    [[2], [0], []]
    """
    return _named(own, theirs, given, "targets")


def _named(own: Sequence[str], theirs: Sequence[str], given: Mapping[str, str], field: str) -> list[list[int]]:
    where, remedy = f"plan: training.start.{field}", "Correct the name."
    for name, source in given.items():
        if name not in own:
            raise InputError(where, str(name), f"one of {', '.join(own)}", remedy)
        if source not in theirs:
            raise InputError(where, f"{name} from {source}", f"one of the other model's {', '.join(theirs)}", remedy)
    chosen = [given.get(name, name) for name in own]
    return [[theirs.index(name)] if name in theirs else [] for name in chosen]


def _axes(plan: NetworkPlan, argument: str) -> Mapping[str, int]:
    """The axis along which each tensor grows where the network has one more input, or output."""
    more = plan.model_copy(update={"arguments": {**plan.arguments, argument: plan.arguments[argument] + 1}})
    with torch.device("meta"):
        one, other = (make_network(each).state_dict() for each in (plan, more))
    grown = {}
    for name, value in one.items():
        axes = [n for n, sizes in enumerate(zip(value.shape, other[name].shape, strict=True)) if len(set(sizes)) > 1]
        if axes:
            grown[name] = axes[0]
    return grown


Side = tuple[int, Sources, Sequence[str], Sequence[str]]
"""An axis; for each new channel its old ones; names of the old and of the new channels."""


def _fill(value: Tensor, old: Tensor, sides: Sequence[Side]) -> tuple[Literal["kept", "adapted", "fresh"], str]:
    """Put what fits of an old tensor into a new one.

    A tensor may have further channels before those of the sequences or targets, as where an image joins features.
    """
    if not sides:
        if value.shape != old.shape:
            return "fresh", f"{_size(old)} in the other model, {_size(value)} here"
        value.copy_(old)
        return "kept", ""
    (axis, sources, before, after), *more = sides
    lead = value.shape[axis] - len(after)
    fits = [n == axis or a == b for n, (a, b) in enumerate(zip(value.shape, old.shape, strict=False))]
    if more or value.ndim != old.ndim or not all(fits) or lead < 0 or old.shape[axis] - len(before) != lead:
        return "fresh", f"{_size(old)} in the other model, {_size(value)} here"
    value.narrow(axis, 0, lead).copy_(old.narrow(axis, 0, lead))
    for channel, own in enumerate(sources):
        if own:
            wanted = torch.tensor([lead + n for n in own], device=old.device)
            value.select(axis, lead + channel).copy_(old.index_select(axis, wanted).mean(axis))
    if not lead and not any(sources):
        return "fresh", "no target of the other model"
    if tuple(before) == tuple(after) and [list(own) for own in sources] == [[n] for n in range(len(before))]:
        return "kept", ""
    told = [f"{name} from {_from([before[n] for n in own])}" for name, own in zip(after, sources, strict=True)]
    return "adapted", ", ".join(told)


def _from(names: Sequence[str]) -> str:
    if not names:
        return "nothing (random)"
    return names[0] if len(names) == 1 else f"the mean of {', '.join(names)}"


def _size(value: Tensor) -> str:
    return " x ".join(map(str, value.shape)) or "one number"
