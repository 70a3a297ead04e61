"""Which arms an experiment has at a scale, each after the one that it begins with, and what their plans are."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from pydantic import ValidationError

from oncontour.core.errors import InputError
from oncontour.experiments.experiment import Arm, Changes, Experiment, Scale, ScaleName
from oncontour.plans.adopt import adopted_plan
from oncontour.plans.fingerprint import Fingerprint
from oncontour.plans.memory import parse_memory
from oncontour.plans.plan import Plan
from oncontour.plans.propose import Wishes, propose_plan


def arms_of(experiment: Experiment, scale: ScaleName) -> dict[str, Arm]:
    """The arms of a scale by name, an arm after the one that it begins with.

    Raises:
        InputError: a pattern that no arm has, an arm that is left out while another begins with it, a circle.
    """
    every = {**experiment.arms, **_grid_arms(experiment)}
    only = experiment.scales[scale].only
    for pattern in only:
        if not matching(pattern, every):
            raise InputError(f"scales.{scale}.only", repr(pattern), f"one of {', '.join(every)}", "Correct it.")
    kept = {name: arm for name, arm in every.items() if not only or any(fnmatchcase(name, one) for one in only)}
    ordered: dict[str, Arm] = {}
    while len(ordered) < len(kept):
        ready = [name for name, arm in kept.items() if name not in ordered and (arm.start or name) in (name, *ordered)]
        if not ready:
            left = ", ".join(name for name in kept if name not in ordered)
            expected = "arms that come before them at this scale"
            raise InputError(f"recipe {experiment.name}", f"arms {left} that cannot begin", expected, "Correct `from`.")
        ordered |= {name: kept[name] for name in ready}
    return ordered


def matching(pattern: str, names: Mapping[str, object]) -> list[str]:
    """The names that a pattern has, in their order."""
    return [name for name in names if fnmatchcase(name, pattern)]


def _grid_arms(experiment: Experiment) -> dict[str, Arm]:
    arms = {}
    for name, grid in experiment.grids.items():
        base = experiment.arms[grid.base]
        for points in product(*(axis.items() for axis in grid.axes)):
            labels = [label for label, _ in points]
            plan = {**base.plan, **{place: value for _, own in points for place, value in own.items()}}
            title = f"{grid.title}: {', '.join(labels)}"
            arms["-".join((name, *labels))] = base.model_copy(update={"title": title, "plan": plan})
    return arms


def judged_on(experiment: Experiment, arm: Arm) -> tuple[str, ...]:
    """The cohorts that an arm is judged on."""
    return experiment.test if arm.test is None else arm.test


def proposed(experiment: Experiment, scale: ScaleName, arm: Arm, found: Fingerprint, before: Plan | None) -> Plan:
    """The plan of an arm before its changes and the scale's.

    Args:
        found: of the cohort that it learns from, in its scheme.
        before: plan of the arm that it begins with; None: it begins with random weights.

    Raises:
        InputError: the data lack a sequence, or nothing fits in the memory.
    """
    size = experiment.scales[scale]
    seen = _with_channels(found, arm)
    if before is not None:
        return adopted_plan(seen, before)
    assert arm.network is not None, "an arm has a network, or begins with another"
    mm = size.spacing_mm
    spacing = (mm, mm, mm) if mm else None
    return propose_plan(seen, arm.network, parse_memory(size.memory), Wishes(spacing=spacing, patch=size.patch))


def with_changes(experiment: Experiment, scale: ScaleName, name: str, arm: Arm, plan: Plan) -> Plan:
    """What was proposed for an arm, with its changes and the scale's, and its name.

    Raises:
        InputError: a change of what no plan has, or to what none can hold.
    """
    size = experiment.scales[scale]
    return changed(plan, {"name": f"{experiment.name}-{name}", **_changes(arm, size, name, plan.network.name)})


def _changes(arm: Arm, size: Scale, name: str, network: str) -> Changes:
    return {**arm.plan, **size.plan, **size.networks.get(network, {}), **size.arms.get(name, {})}


def _with_channels(found: Fingerprint, arm: Arm) -> Fingerprint:
    """As if the data had the arm's sequences alone."""
    missing = [sequence for sequence in arm.channels if sequence not in found.intensities]
    if missing:
        there = ", ".join(found.intensities)
        raise InputError(
            f"cohort {arm.train}", f"data with {there}", f"{', '.join(missing)} too", "Give such a cohort."
        )
    if not arm.channels:
        return found
    return found.model_copy(update={"intensities": {one: found.intensities[one] for one in arm.channels}})


def changed(plan: Plan, changes: Mapping[str, Any]) -> Plan:
    """The plan with other values at some places; a number in a place counts a list's items from 0.

    Raises:
        InputError: no such place, or a value that it cannot hold.
    """
    content = plan.model_dump(mode="json")
    for place, value in changes.items():
        *way, last = place.split(".")
        inner: Any = content
        try:
            for part in way:
                inner = inner[int(part) if isinstance(inner, list) else part]
            inner[last] = value
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise InputError("recipe", f"a change of {place}", "a place that the plan has", "Correct it.") from error
    content["why"] = {place: why for place, why in content["why"].items() if place not in changes}
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"recipe: {place}", repr(first["input"]), first["msg"], "Correct the recipe.") from error
