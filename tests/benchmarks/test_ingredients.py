"""benchmarks/ablation.py puts in one thing at a time, and tells what came of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from oncontour.plans.file import load_plan
from oncontour.training.request import first_difference

RECIPE = Path(__file__).parents[2] / "recipes" / "default.yaml"


@pytest.fixture
def made():
    """Plans by name."""
    from ingredients.variations import Budget, variations, varied

    recipe, budget = load_plan(RECIPE), Budget(steps=300, cases=20)
    return {one.name: varied(recipe, one, budget, (4, 8), 70) for one in variations(["septa", "healthy"])}


def content(plan):
    return plan.model_dump(mode="json", exclude={"name"})


def test_a_variation_differs_in_one_thing(made):
    nothing = content(made["nothing"])
    assert len(nothing["synthetic"]["without"]) == 14
    assert {nothing["synthetic"][share] for share in ("healthy", "loose_mask", "mni_share")} == {0.0}
    assert first_difference(nothing, content(made["nothing-another-seed"])) == ("training.seed", 0, 1)
    assert first_difference(nothing, content(made["healthy"])) == ("synthetic.healthy", 0.0, 0.15)
    assert set(nothing["synthetic"]["without"]) - set(made["septa"].synthetic.without) == {"septa"}
    assert content(made["septa"]) | {"synthetic": None} == nothing | {"synthetic": None}


def test_with_all_the_cases_are_the_recipes(made):
    ours, theirs = made["all"].synthetic, load_plan(RECIPE).synthetic
    assert ours.model_copy(update={"cases": theirs.cases, "seed": theirs.seed}) == theirs


def test_all_have_the_same_small_budget(made):
    for plan in made.values():
        assert (plan.training.steps, plan.synthetic.cases, plan.synthetic.seed) == (300, 20, 70)
        assert plan.network.arguments["features"] == [4, 8]
        assert (plan.postprocess.threshold, plan.postprocess.sure) == (0.5, 0.0)


def test_a_folder_of_another_budget_is_refused(made, tmp_path):
    from ingredients.variations import write_recipe

    write_recipe(made["septa"], tmp_path)
    write_recipe(made["septa"], tmp_path)
    with pytest.raises(SystemExit, match="another recipe or budget"):
        write_recipe(made["nothing"], tmp_path)


def test_an_ingredient_that_there_is_not_is_refused():
    from ingredients.variations import variations

    with pytest.raises(SystemExit, match="'salt' is none of physics"):
        variations(["salt"])


def result(case, dice, ml=1.0):
    from conditions.measure import Result

    scores = {"WT": dice} if dice is not None else {}
    return Result(case, "brats2018-t1-flair", "plain", ("WT",), scores, {"WT": ml}, 1.0)


def test_the_page_tells_gains_case_by_case_and_chance_first():
    from ingredients.page import page
    from ingredients.variations import Budget

    results = {
        "nothing": [result("a", 0.5), result("b", 0.7), result("volunteer", None, 9.0)],
        "nothing-another-seed": [result("a", 0.5), result("b", 0.7), result("volunteer", None, 9.0)],
        "septa": [result("a", 0.8), result("b", 0.6), result("volunteer", None, 2.0)],
    }
    text = page(results, RECIPE, Budget(600, 40), Budget(300, 20), (4, 8))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[2] == "| nothing, another seed | +0.000 ± 0.000 (0 of 2) | 9.0 → 9.0 |"
    assert rows[3] == "| septa | +0.100 ± 0.283 (1 of 2) | 9.0 → 2.0 |"
    assert rows[-1] == "| septa | 0.80 | 0.60 | 2.0 mL |"
