"""The plan by which a trained model goes on learning: its own, but for the sequences and regions of a data set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import ValidationError

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.plans.fingerprint import Fingerprint
from oncontour.plans.plan import Plan, PostprocessPlan, places
from oncontour.plans.propose import AS_PROPOSED, Wishes, usual_sequences
from oncontour.plans.training import StartPlan

WHERE = "--from"


def adopted_plan(found: Fingerprint, model: Plan, wishes: Wishes = AS_PROPOSED) -> Plan:
    """The plan of a model for `oncontour train --from`.

    Voxels, normalisation, network and training are the model's. Its stem takes the data's sequences, or stays as it is
    where the model knows them all and was trained on subsets; its head takes the regions of the data's scheme, or its
    labels where the regions do not tell them apart.

    Args:
        found: of the data set.
        model: the plan of the bundle.
        wishes: patch, epochs, steps, seed and precision, where they are to be others.

    Raises:
        InputError: a model that cannot go on learning so, or a wish that no plan can hold.
    """
    scheme = SCHEMES[found.scheme]
    if model.previous or (model.stages and model.scheme != scheme.name):
        kind = f"a coarse model ({model.previous}) before it" if model.previous else f"stages for scheme {model.scheme}"
        remedy = "Plan this data set anew: `oncontour plan DATASET --network`."
        raise InputError(WHERE, f"a model with {kind}", f"one network for scheme {scheme.name}", remedy)
    unfit = [name for name in ("configuration", "spacing") if getattr(wishes, name) is not None]
    if unfit:
        raise InputError(f"--{unfit[0]}", "given with --from", "the model's own", f"Leave --{unfit[0]} out.")
    channels, why_channels = _channels(found, model)
    softmax = not model.stages and not scheme.regions_tell_labels
    outputs = len(scheme.labels) + 1 if softmax else len(scheme.regions)
    content = model.model_dump()
    ends: dict[str, Any] = {"inputs": max(len(channels), 1)} | ({} if model.stages else {"outputs": outputs})
    for owner in (content, *content["stages"]):
        if owner["network"]:
            owner["network"]["arguments"] |= ends
    training = content["training"]
    training["loss"] |= {} if model.stages else {"output": "softmax" if softmax else "sigmoid"}
    training["sampling"]["regions"] = {}
    asked = {name: value for name, value in asdict(wishes).items() if value is not None}
    content["training"] = {**training, "start": StartPlan(), "freeze": (), "phases": (), "stopping": None, **asked}
    content |= {
        "name": re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{found.dataset}-from-{model.name}").strip("-."),
        "scheme": scheme.name,
        "channels": channels,
        "postprocess": model.postprocess if model.scheme == scheme.name else PostprocessPlan(),
        "data": found.digest,
        "synthetic": None,
        "why": {},
    }
    try:
        plan = Plan.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(place, repr(first["input"]), first["msg"], "Ask for another value.") from error
    why = {"network": f"That of {model.name}, whose weights are the first.", "channels": why_channels}
    why |= {f"training.{name}": "As asked for." for name in asked}
    return plan.model_copy(update={"why": _known(why, plan)})


def _channels(found: Fingerprint, model: Plan) -> tuple[tuple[Sequence, ...], str]:
    """The sequences to read, and why."""
    usual = usual_sequences(found)
    if not model.channels:
        return (), "One image of any sequence, as the model reads."
    dropped = model.training.sampling.sequence_dropout
    if dropped and set(usual) <= set(model.channels):
        return model.channels, "The model's own: it was trained with sequences absent, and knows all of the data's."
    return (
        usual,
        "Sequences that at least half of the cases have; `training.start.channels`: whose filters they take.",
    )


def _known(why: Mapping[str, str], plan: Plan) -> dict[str, str]:
    return {place: why[place] for place in places(plan) if place in why}
