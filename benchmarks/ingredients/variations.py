"""Variations of a recipe, as data: each differs from the whole recipe in one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from oncontour.plans.file import load_plan, save_plan
from oncontour.plans.plan import Plan

WHOLE, RESEEDED = "whole", "another-seed"
"""The recipe as it is; and the same trained from other random numbers, which shows what chance does."""


@dataclass(frozen=True)
class Variation:
    """A recipe but for one thing.

    Args:
        name: of its folder, and in the table.
        place: of the field that differs (`synthetic.healthy`); empty: none.
        value: what it is.
    """

    name: str
    place: str = ""
    value: Any = None


def variations(without: Sequence[str], changes: Sequence[str]) -> list[Variation]:
    """The whole recipe, another seed of it, and the recipe without each ingredient.

    Args:
        without: names of ingredients, for the recipe's `synthetic.without`.
        changes: "NAME=PLACE=VALUE" for what has a field of its own: "loose-mask=synthetic.loose_mask=0".

    >>> [one.name for one in variations(["septa"], ["loose-mask=synthetic.loose_mask=0"])]
    ['whole', 'another-seed', 'septa', 'loose-mask']
    """
    changed = [change.split("=", 2) for change in changes]
    bad = [change for change, parts in zip(changes, changed, strict=True) if len(parts) != 3]
    if bad:
        raise SystemExit(f"--change: {bad[0]!r} is not NAME=PLACE=VALUE")
    return [
        Variation(WHOLE),
        Variation(RESEEDED, "training.seed", 1),
        *(Variation(name, "synthetic.without", [name]) for name in without),
        *(Variation(name, place, yaml.safe_load(value)) for name, place, value in changed),
    ]


@dataclass(frozen=True)
class Budget:
    """What each training gets, the same for all.

    Args:
        steps: of the optimiser; above 100 a multiple of it.
        cases: synthetic ones.
        features: channels of each stage of the recipe's network.
    """

    steps: int
    cases: int
    features: tuple[int, ...]


def small_recipe(recipe: Plan, budget: Budget) -> dict[str, Any]:
    """The recipe within a budget, with a plain threshold: others were chosen for another network."""
    content = recipe.model_dump(mode="json")
    content["network"]["arguments"]["features"] = list(budget.features)
    content["training"] |= {"epochs": max(1, budget.steps // 100), "steps_per_epoch": min(100, budget.steps)}
    content["synthetic"]["cases"] = budget.cases
    content["postprocess"] |= {"threshold": 0.5, "sure": 0.0}
    content["why"] = {}
    return content


def varied(content: Mapping[str, Any], variation: Variation) -> Plan:
    """The small recipe with what differs in one variation.

    Raises:
        SystemExit: the recipe has no such field, or refuses the value.
    """
    own = deepcopy(dict(content))
    own["name"] = f"{own['name']}-{variation.name}"
    if variation.place:
        *rooms, last = variation.place.split(".")
        part = own
        for room in rooms:
            part = part[room]
        part[last] = variation.value
    try:
        return Plan.model_validate(own)
    except ValueError as error:
        raise SystemExit(f"{variation.name}: the recipe refuses {variation.place} = {variation.value!r}") from error


def write_recipe(recipe: Path, budget: Budget, variation: Variation, folder: Path) -> Path:
    """The YAML file of one variation, in its folder.

    Raises:
        SystemExit: the folder was begun with another recipe or budget.
    """
    plan = varied(small_recipe(load_plan(recipe), budget), variation)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipe.yaml"
    if path.exists() and load_plan(path) != plan:
        raise SystemExit(f"{folder}: begun with another recipe or budget; give another --work")
    save_plan(plan, path)
    return path
