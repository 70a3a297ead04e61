"""What is put into the synthetic cases of a bare recipe, as data: nothing, one ingredient, or all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oncontour.data.phantom.ingredients import Ingredient
from oncontour.plans.file import load_plan, save_plan
from oncontour.plans.plan import Plan

BARE, NOTHING, RESEEDED, ALL = "bare", "nothing", "nothing-another-seed", "all"
"""The first training, on bare cases; more of the same; that from other random numbers, which shows what chance does."""

FIELDS = ("healthy", "loose_mask", "mni_share")
"""Ingredients that are a share of cases in the recipe, 0 in the bare one."""

EVERY = (*map(str, Ingredient), *FIELDS)

LEARNING_RATE = 0.0005
"""Of the trainings that begin with the bare one's weights: a quarter of the recipe's."""

SMOOTH = 0.00001
"""Of Dice loss, as in nnU-Net. With the recipe's 1 and so few steps core and enhancement are found or not by chance."""


@dataclass(frozen=True)
class Variation:
    """A training.

    Args:
        name: of its folder, and in the table.
        put_in: ingredients of its cases.
        seed: of its random numbers.
    """

    name: str
    put_in: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Budget:
    """What a training gets.

    Args:
        steps: of the optimiser; above 100 a multiple of it.
        cases: synthetic ones.
    """

    steps: int
    cases: int


def variations(names: Sequence[str]) -> list[Variation]:
    """What follows the bare training: nothing new, each ingredient alone, all.

    >>> [one.name for one in variations(["septa"])]
    ['nothing', 'nothing-another-seed', 'septa', 'all']
    """
    unknown = [name for name in names if name not in EVERY]
    if unknown:
        raise SystemExit(f"--only: {unknown[0]!r} is none of {', '.join(EVERY)}")
    each = [Variation(name, (name,)) for name in names]
    return [Variation(NOTHING), Variation(RESEEDED, seed=1), *each, Variation(ALL, EVERY)]


def varied(recipe: Plan, variation: Variation, budget: Budget, features: Sequence[int], first_case: int) -> Plan:
    """The recipe with these ingredients alone, small, with a plain threshold: others were chosen for another network.

    Args:
        features: channels of each stage of the network.
        first_case: seed of the first synthetic case.
    """
    content: dict[str, Any] = recipe.model_dump(mode="json")
    content["name"] = f"{content['name']}-{variation.name}"
    content["network"]["arguments"]["features"] = list(features)
    content["training"] |= {
        "epochs": max(1, budget.steps // 100),
        "steps_per_epoch": min(100, budget.steps),
        "seed": variation.seed,
    }
    content["training"]["loss"]["smooth"] = SMOOTH
    if variation.name != BARE:
        content["training"]["optimiser"]["learning_rate"] = LEARNING_RATE
    synthetic = content["synthetic"]
    synthetic |= {"cases": budget.cases, "seed": first_case}
    synthetic |= {field: 0.0 for field in FIELDS if field not in variation.put_in}
    synthetic["without"] = [str(one) for one in Ingredient if one not in variation.put_in]
    content["postprocess"] |= {"threshold": 0.5, "sure": 0.0}
    content["why"] = {}
    return Plan.model_validate(content)


def write_recipe(plan: Plan, folder: Path) -> Path:
    """The YAML file of a training, in its folder.

    Raises:
        SystemExit: the folder was begun with another recipe or budget.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "recipe.yaml"
    if path.exists() and load_plan(path) != plan:
        raise SystemExit(f"{folder}: begun with another recipe or budget; give another --work")
    save_plan(plan, path)
    return path
