from pathlib import Path

import pytest

from oncontour.plans.file import load_plan
from oncontour.plans.plan import Plan, places

ROOT = Path(__file__).parents[2]
PLANS = [*sorted((ROOT / "recipes").glob("*.yaml")), *sorted((ROOT / "benchmarks" / "plans").glob("*.yaml"))]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_reason_belongs_to_a_field_of_the_plan(path):
    plan = load_plan(path)
    assert set(plan.why) <= set(places(plan))


def test_a_stage_has_what_it_names_and_else_what_the_plan_has():
    content = load_plan(ROOT / "recipes" / "default.yaml").model_dump(mode="json")
    own = {"network": {"name": "ca_cnn", "arguments": {}}, "patch": [8, 8, 4], "tile": [16, 16, 8]}
    plan = Plan.model_validate(content | {"stages": [{"region": "WT"}, {"region": "TC", **own}]})
    assert plan.of_stage(plan.stages[0]) == plan
    stage = plan.of_stage(plan.stages[1])
    assert (stage.network.name, stage.training.patch, stage.inference.tile) == ("ca_cnn", (8, 8, 4), (16, 16, 8))
    assert stage.training.model_copy(update={"patch": plan.training.patch}) == plan.training
