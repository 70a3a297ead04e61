"""benchmarks/ablation.py varies one thing at a time, and tells what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncontour.plans.file import load_plan
from oncontour.training.request import first_difference

RECIPE = Path(__file__).parents[2] / "recipes" / "default.yaml"


@pytest.fixture
def made(tmp_path):
    """The plans of two changes, by name."""
    from ingredients.variations import Budget, variations, write_recipe

    every = variations([], ["tight=synthetic.loose_mask=0", "plain=training.augment=[]"])
    budget = Budget(steps=300, cases=20, features=(4, 8))
    return {one.name: load_plan(write_recipe(RECIPE, budget, one, tmp_path / one.name)) for one in every}


def content(plan):
    return plan.model_dump(mode="json", exclude={"name"})


def test_a_variation_differs_in_one_thing(made):
    whole = content(made["whole"])
    assert first_difference(whole, content(made["another-seed"])) == ("training.seed", 0, 1)
    assert first_difference(whole, content(made["tight"])) == ("synthetic.loose_mask", 0.5, 0.0)
    assert first_difference(whole, content(made["plain"]))[0] == "training.augment"


def test_all_have_the_same_small_budget(made):
    for plan in made.values():
        assert (plan.training.steps, plan.synthetic.cases) == (300, 20)
        assert plan.network.arguments["features"] == [4, 8]
        assert (plan.postprocess.threshold, plan.postprocess.sure) == (0.5, 0.0)


def test_a_folder_of_another_budget_is_refused(made, tmp_path):
    from ingredients.variations import Budget, Variation, write_recipe

    with pytest.raises(SystemExit, match="another recipe or budget"):
        write_recipe(RECIPE, Budget(400, 20, (4, 8)), Variation("whole"), tmp_path / "whole")


@pytest.mark.parametrize("place", ["synthetic.nothing", "synthetic.healthy"])
def test_what_the_recipe_does_not_have_is_refused(place):
    from ingredients.variations import Budget, Variation, small_recipe, varied

    small = small_recipe(load_plan(RECIPE), Budget(300, 20, (4, 8)))
    with pytest.raises(SystemExit, match="the recipe refuses"):
        varied(small, Variation("odd", place, "often"))


def result(case, dice, ml=1.0):
    from conditions.measure import Result

    scores = {"WT": dice} if dice is not None else {}
    return Result(case, "brats2018-t1-flair", "plain", ("WT",), scores, {"WT": ml}, 1.0)


def test_the_page_tells_gains_case_by_case_and_chance_first():
    from ingredients.page import page
    from ingredients.variations import Budget

    results = {
        "whole": [result("a", 0.8), result("b", 0.6), result("volunteer", None, 2.0)],
        "septa": [result("a", 0.5), result("b", 0.7), result("volunteer", None, 9.0)],
        "another-seed": [result("a", 0.8), result("b", 0.6), result("volunteer", None, 2.0)],
    }
    text = page(results, RECIPE, Budget(300, 20, (4, 8)))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[2] == "| nothing, another seed | +0.000 ± 0.000 (0 of 2) | 2.0 → 2.0 |"
    assert rows[3] == "| septa | +0.100 ± 0.283 (1 of 2) | 2.0 → 9.0 |"
    assert rows[-2] == "| septa | 0.50 | 0.70 | 9.0 mL |"
