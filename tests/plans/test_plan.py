from pathlib import Path

import pytest

from oncontour.core.errors import BundleError
from oncontour.plans.plan import load_plan, save_plan

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_recipe_survives_saving(recipe, tmp_path):
    plan = load_plan(recipe)
    save_plan(plan, tmp_path / "plan.yaml")
    assert load_plan(tmp_path / "plan.yaml") == plan
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_reason_belongs_to_a_field_of_the_plan(recipe):
    plan = load_plan(recipe)
    parts = (plan, plan.training, plan.synthetic)
    fields = set[str]().union(*(type(part).model_fields for part in parts))
    assert set(plan.why) <= fields


def test_wrong_field_is_named(tmp_path):
    text = RECIPES[0].read_text().replace("steps:", "stepps:")
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(BundleError, match=r"training\.step"):
        load_plan(tmp_path / "plan.yaml")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"nowhere\.yaml"):
        load_plan(tmp_path / "nowhere.yaml")
