"""docs/plans.md explains every field, and its examples are plans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from oncontour.plans import plan
from oncontour.plans.file import load_plan
from oncontour.plans.plan import Plan
from oncontour.plans.settings import SETTINGS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "plans.md").read_text("utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
TRAINING = {"optimiser", "schedule", "loss", "sampling", "augment", "augment_previous", "start", "freeze", "phases"}
"""Parts of the training that the page shows on their own."""


@pytest.mark.parametrize(
    "part", [value for value in vars(plan).values() if isinstance(value, type) and issubclass(value, BaseModel)]
)
def test_every_field_is_explained(part):
    assert [name for name in part.model_fields if not re.search(rf"\b{name}\b", TEXT)] == []


def whole_plan(example):
    """The default recipe with what an example shows, before and after it was made a plan."""
    content = load_plan(ROOT / "recipes" / "default.yaml").model_dump(mode="json")
    if TRAINING & example.keys():
        example = {"training": example}
    if "training" in example:
        example = {"training": content["training"] | example["training"]}
    given = content | example
    return given, Plan.model_validate(given).model_dump(mode="json")


def differences(given, kept, place=""):
    """Places at which a plan does not hold what it was given; what it adds of its own does not count."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return [found for name in given for found in differences(given[name], kept.get(name), f"{place}.{name}")]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        pairs = zip(given, kept, strict=True)
        return [found for n, pair in enumerate(pairs) for found in differences(*pair, f"{place}[{n}]")]
    return [] if given == kept else [place]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: next(iter(example)))
def test_examples_are_parts_of_a_plan(example):
    assert differences(*whole_plan(example)) == []


@pytest.mark.parametrize(
    "example",
    [{"colour": "blue"}, {"training": {"epochs": "many"}}, {"optimiser": {"name": "sgd", "pace": 1.0}}],
    ids=["unknown field", "no number", "unknown field of a part"],
)
def test_a_broken_example_would_be_found(example):
    with pytest.raises(ValidationError):
        whole_plan(example)
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": 2, "c": 3}]}) == [".a[0].b"]


@pytest.mark.parametrize("network", SETTINGS)
def test_the_table_says_what_the_settings_say(network):
    row = next(line for line in TEXT.splitlines() if line.startswith("| `") and f"`{network}`" in line.split("|")[1])
    settings = SETTINGS[network]
    epochs, batch, optimiser = (row.split("|")[n] for n in (3, 5, 6))
    assert str(settings.epochs) in epochs
    if settings.patch != "planned":
        assert batch.strip() == str(settings.batch)
    assert settings.optimiser.name in optimiser.lower()
    assert float(optimiser.split(",")[0].split()[1]) == settings.optimiser.learning_rate
