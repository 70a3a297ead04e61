"""Every shipped recipe, cut to two coarse cases a cohort and one step a training, goes from phantoms to its page."""

from __future__ import annotations

import csv

import pytest

from oncontour.experiments.arms import judged_on
from oncontour.experiments.report import report_recipe
from oncontour.experiments.run import RecipeRun, run_recipe
from oncontour.experiments.shipped import load_recipe, recipe_names
from oncontour.training.machine import Machine

ONE_STEP = {"training.epochs": 1, "training.steps_per_epoch": 1, "training.batch": 2, "training.validate_every": 1}


def cut(recipe):
    """The recipe at 6 mm."""
    tiny = recipe.scales["tiny"]
    kept = ONE_STEP.keys()
    few = {name: one.model_copy(update={"cases": {**one.cases, "tiny": 2}}) for name, one in recipe.cohorts.items()}
    smaller = tiny.model_copy(
        update={
            "spacing_mm": 6.0,
            "plan": {**tiny.plan, **ONE_STEP},
            "networks": {name: _without(changes, kept) for name, changes in tiny.networks.items()},
            "arms": {name: _without(changes, kept) for name, changes in tiny.arms.items()},
        }
    )
    return recipe.model_copy(update={"cohorts": few, "scales": {**recipe.scales, "tiny": smaller}})


def _without(changes, names):
    return {place: value for place, value in changes.items() if place not in names}


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_goes_from_phantoms_to_its_page(name, tmp_path):
    run = RecipeRun(cut(load_recipe(name)), "tiny", tmp_path, machine=Machine(device="cpu", workers=0, threads=1))
    run_recipe(run)
    page = report_recipe(run)[-1].read_text("utf-8")
    for arm, one in run.arms.items():
        assert f">{arm}<" in page
        for cohort in judged_on(run.experiment, one):
            cases = {row["case"] for row in csv.DictReader((run.judged_folder(arm, cohort) / "cases.csv").open())}
            assert len(cases) == 2
    assert "Phantoms, not patients" in page
