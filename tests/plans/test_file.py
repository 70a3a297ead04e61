from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from oncontour.core.errors import BundleError
from oncontour.plans.file import load_plan, save_plan
from oncontour.plans.plan import Plan

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
PLANS = [
    *RECIPES,
    *sorted((ROOT / "src" / "oncontour" / "bundles").glob("*/plan.yaml")),
    *sorted((ROOT / "benchmarks" / "plans").glob("*.yaml")),
]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_plan_survives_saving(path, tmp_path):
    plan = load_plan(path)
    save_plan(plan, tmp_path / "plan.yaml")
    assert load_plan(tmp_path / "plan.yaml") == plan
    assert not list(tmp_path.glob("*.part"))


@settings(deadline=None, max_examples=25)
@given(
    decay=st.floats(0, 1e3, allow_subnormal=False),
    patch=st.tuples(*[st.integers(1, 512)] * 3),
    why=st.dictionaries(st.text(max_size=30), st.text(max_size=200), max_size=4),
    arguments=st.dictionaries(st.text(max_size=10), st.lists(st.integers() | st.none() | st.booleans()), max_size=3),
    dropout=st.floats(0, 1) | st.dictionaries(st.sampled_from(["T1", "T1CE", "ADC"]), st.floats(0, 1)),
)
@example(decay=0.0, patch=(1, 1, 1), why={"a\u2028b": "c\x85d"}, arguments={"\x85": []}, dropout=0.0)
def test_any_plan_survives_saving(tmp_path_factory, decay, patch, why, arguments, dropout):
    content = load_plan(RECIPES[0]).model_dump(mode="json")
    content["training"] |= {"patch": patch, "sampling": {"sequence_dropout": dropout}}
    content["training"]["optimiser"] |= {"weight_decay": decay}
    plan = Plan.model_validate(content | {"why": why, "network": {"name": "x", "arguments": arguments}})
    path = tmp_path_factory.mktemp("plans") / "plan.yaml"
    save_plan(plan, path)
    assert load_plan(path) == plan


def test_short_parts_stand_on_one_line(tmp_path):
    save_plan(load_plan(ROOT / "recipes" / "default.yaml"), tmp_path / "plan.yaml")
    lines = (tmp_path / "plan.yaml").read_text().splitlines()
    assert "  patch: [80, 96, 80]" in lines
    assert "  - {name: mirror, probability: 1.0, arguments: {axes: [0]}}" in lines


def test_wrong_field_is_named(tmp_path):
    text = RECIPES[0].read_text().replace("epochs:", "epoques:")
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(BundleError, match=r"training\.epo"):
        load_plan(tmp_path / "plan.yaml")


def test_line_of_a_mistake_in_yaml_is_named(tmp_path):
    (tmp_path / "plan.yaml").write_text("name: a\nscheme: brats: whole\n")
    with pytest.raises(BundleError, match="line 2: mapping values are not allowed here"):
        load_plan(tmp_path / "plan.yaml")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"nowhere\.yaml"):
        load_plan(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("place", ["training", "synthetic"])
def test_a_seed_below_zero_is_refused(place, tmp_path):
    content = load_plan(ROOT / "recipes" / "default.yaml").model_dump(mode="json")
    content[place]["seed"] = -1
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(BundleError, match=rf"{place}\.seed.*greater than or equal to 0"):
        load_plan(tmp_path / "plan.yaml")
