"""From a fingerprint, a network and a memory to a plan: the paper's settings, fitted to the data and the machine."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import ValidationError

from oncontour.augment.presets import NNUNET_CASCADE, Preset, nnunet_for
from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.plans.fields import Size
from oncontour.plans.fingerprint import Fingerprint
from oncontour.plans.fitting import Fitted, Spacing, fit_planned, fit_standard, rounded
from oncontour.plans.plan import Plan, places
from oncontour.plans.settings import SETTINGS, Settings, forced_foreground
from oncontour.plans.training import TrainingPlan

USUAL_SHARE = 0.5
"""Share of the cases that must have a sequence for it to be one of the channels."""

TRAINING_SHARE = 0.8
"""Of the cases, in each of five folds."""

VIEWS = ("axial", "coronal", "sagittal")


@dataclass(frozen=True)
class Wishes:
    """What the user decides; None: as proposed.

    Args:
        configuration: of nnU-Net: 2d, 3d_fullres, 3d_lowres or 3d_cascade_fullres.
        spacing: mm along each axis.
        patch: voxels along each axis, rounded up to what the network divides by.
        epochs, steps_per_epoch, seed, precision: of training.
    """

    configuration: str | None = None
    spacing: Spacing | None = None
    patch: Size | None = None
    epochs: int | None = None
    steps_per_epoch: int | None = None
    seed: int | None = None
    precision: str | None = None


AS_PROPOSED = Wishes()


def propose_plan(found: Fingerprint, network: str, memory: int, wishes: Wishes = AS_PROPOSED) -> Plan:
    """A plan for a network on a data set.

    Args:
        found: of the data set.
        network: a name from `oncontour.networks.NETWORKS`.
        memory: bytes of the device to train on.
        wishes: what is decided already.

    Raises:
        InputError: no such network or configuration, a wish that no plan can hold, or too little memory.
    """
    if network not in SETTINGS:
        raise InputError("network", repr(network), f"one of {', '.join(SETTINGS)}", "Correct the network's name.")
    settings = SETTINGS[network]
    if wishes.configuration and settings.patch != "planned":
        remedy = "Leave --configuration out, or plan an nnU-Net."
        raise InputError("configuration", wishes.configuration, f"none for {network}", remedy)
    scheme = SCHEMES[found.scheme]
    channels = usual_sequences(found)
    softmax = not settings.cascade and not scheme.regions_tell_labels
    outputs = 1 if settings.cascade else len(scheme.labels) + 1 if softmax else len(scheme.regions)
    training = _training(settings, softmax)
    training |= {name: value for name, value in asdict(wishes).items() if value is not None and name in training}
    own = _checked(training)
    shown_once = not (settings.steps or wishes.steps_per_epoch)
    sizes = (memory, wishes.spacing, wishes.patch)
    if settings.patch == "planned":
        fitted = fit_planned(network, found, outputs + (not softmax), wishes.configuration, *sizes)
    else:
        faces = {"inputs": len(channels), "outputs": outputs}
        fitted = fit_standard(network, settings, found, faces, own, *sizes)
    previous = _name(found, network, "3d_lowres") if fitted.configuration == "3d_cascade_fullres" else None
    inputs = len(channels) + (len(scheme.labels) if previous else 0)
    arguments = {"inputs": inputs, "outputs": outputs, **fitted.arguments}
    plan = {
        "name": _name(found, network, fitted.configuration),
        "scheme": scheme.name,
        "channels": channels,
        "spacing_mm": fitted.spacing[0] if len(set(fitted.spacing)) == 1 else fitted.spacing,
        "normalisation": settings.normalisation,
        "network": {"name": network, "arguments": arguments},
        "training": _fitted_training(training, settings, fitted, len(found.cases) if shown_once else None),
        "inference": _inference(settings, fitted),
        "postprocess": settings.postprocess,
        "data": found.digest,
        "stages": _stages(scheme, settings, network, arguments, fitted.patch) if settings.cascade else (),
        "previous": previous,
    }
    plan = Plan.model_validate(plan)
    why = _why(found, settings, fitted, wishes, softmax)
    return plan.model_copy(update={"why": {place: why[place] for place in places(plan) if place in why}})


def usual_sequences(found: Fingerprint) -> tuple[Sequence, ...]:
    """The sequences that at least half of the cases have, or else the most frequent one."""
    shares = {sequence: found.having(sequence) for sequence in found.intensities}
    return tuple(s for s, share in shares.items() if share >= USUAL_SHARE) or (max(shares, key=lambda s: shares[s]),)


def _name(found: Fingerprint, network: str, configuration: str | None) -> str:
    """Letters, digits and hyphens: it becomes the name of a folder."""
    suffix = f"-{configuration}" if configuration not in (None, "3d_fullres") else ""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{found.dataset}-{network}{suffix}").strip("-.")


def _training(settings: Settings, softmax: bool) -> dict[str, Any]:
    """The settings' own training; patch, batch and what depends on them are to be fitted."""
    return {
        "epochs": settings.epochs,
        "steps_per_epoch": settings.steps or 1,
        "batch": settings.batch,
        "patch": (1, 1, 1),
        "optimiser": settings.optimiser,
        "schedule": settings.schedule,
        "loss": settings.loss.model_copy(update={"output": "softmax" if softmax else "sigmoid"}),
        "sampling": settings.sampling,
        "augment": (),
        "augment_previous": (),
        "validate_every": settings.validate_every,
        "validation_cases": settings.validation_cases,
        "stopping": settings.stopping,
        "gradient_limit": settings.gradient_limit,
        "average_decay": settings.average_decay,
        "precision": settings.precision,
        "seed": 0,
    }


def _checked(training: Mapping[str, Any]) -> TrainingPlan:
    try:
        return TrainingPlan.model_validate(training)
    except ValidationError as error:
        first = error.errors()[0]
        place = "training." + ".".join(str(part) for part in first["loc"])
        raise InputError(place, repr(first["input"]), first["msg"], "Ask for another value.") from error


def _fitted_training(
    training: Mapping[str, Any], settings: Settings, fitted: Fitted, cases: int | None
) -> dict[str, Any]:
    """The training with what was fitted; an epoch shows each training case once where the number of cases is given."""
    changed = {"batch_dice": fitted.batch_dice, "deep_supervision": fitted.deep_supervision}
    loss = training["loss"].model_copy(update={name: value for name, value in changed.items() if value is not None})
    augment = _transforms(nnunet_for(fitted.patch) if settings.patch == "planned" else settings.augment)
    coarse = _transforms(NNUNET_CASCADE if fitted.configuration == "3d_cascade_fullres" else ())
    steps = training["steps_per_epoch"] if cases is None else math.ceil(TRAINING_SHARE * cases / fitted.batch)
    sizes = {"patch": fitted.patch, "batch": fitted.batch, "steps_per_epoch": steps}
    if settings.patch == "planned":
        sizes["sampling"] = settings.sampling.model_copy(update={"foreground": forced_foreground(fitted.batch)})
    return {**training, **sizes, "loss": loss, "augment": augment, "augment_previous": coarse}


def _transforms(preset: Preset) -> list[dict[str, Any]]:
    return [
        {"name": name, "probability": probability, "arguments": _plain(arguments)}
        for name, probability, arguments in preset
    ]


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tuples as lists, which is what YAML gives back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}


def _inference(settings: Settings, fitted: Fitted) -> dict[str, Any]:
    mirror = tuple(axis for axis in settings.inference["mirror"] if axis != fitted.flat)
    return {**settings.inference, "mirror": mirror, "tile": settings.tile or fitted.patch}


def _stages(
    scheme: LabelScheme, settings: Settings, network: str, arguments: Mapping[str, Any], patch: Size
) -> list[dict[str, Any]]:
    """A stage for each region, within the one before where the scheme is nested; the innermost halves slices once."""
    stages, last = [], len(scheme.regions) - 1
    for n, region in enumerate(scheme.regions):
        inner = scheme.nested and n == last > 0
        share = settings.shares[0 if not (scheme.nested and n) else 2 if inner else 1]
        own = rounded((patch[0] * share, patch[1] * share, patch[2]), settings.multiple)
        changes = {"patch": list(own)} if "patch" in arguments and own != patch else {}
        changes |= {"downsamplings": 1} if inner else {}
        stages.append(
            {
                "region": region.name,
                "within": scheme.regions[n - 1].name if scheme.nested and n else None,
                "views": VIEWS,
                "network": {"name": network, "arguments": {**arguments, **changes}} if changes else None,
                "patch": own if own != patch else None,
            }
        )
    return stages


def _why(
    found: Fingerprint,
    settings: Settings,
    fitted: Fitted,
    wishes: Wishes,
    softmax: bool,
) -> dict[str, str]:
    """Reasons by place; what the user asked for has that reason alone."""
    shares = ", ".join(f"{sequence} {found.having(sequence):.0%}" for sequence in found.intensities)
    why = {"channels": f"Sequences that at least half of the {len(found.cases)} cases have ({shares}).", **settings.why}
    if not settings.steps:
        why.setdefault("training.steps_per_epoch", "Each training case once.")
    if softmax:
        why["training.loss.output"] = "Some labels belong to the same regions: classes tell them apart."
    if fitted.configuration == "3d_cascade_fullres":
        why["previous"] = "The plan of the low resolution, whose labels are further inputs; train it first."
        why["training.augment_previous"] = "nnU-Net's: labels of the low resolution are made worse, not to be trusted."
    for place, sentence in fitted.why.items():
        joined = place in settings.why and place == "training.patch"
        why[place] = f"{settings.why[place]} {sentence}" if joined else sentence
    others = {"spacing": "spacing_mm", "configuration": "name"}
    for name, value in asdict(wishes).items():
        if value is not None:
            why[others.get(name, f"training.{name}")] = "As asked for."
    return why
