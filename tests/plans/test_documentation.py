"""docs/plans.md explains every field, and its examples are plans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from oncontour.plans import plan
from oncontour.plans.plan import Plan, load_plan
from oncontour.plans.settings import SETTINGS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "plans.md").read_text("utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
TRAINING = {"optimiser", "schedule", "loss", "sampling", "augment", "augment_previous"}
"""Parts of the training that the page shows on their own."""


@pytest.mark.parametrize(
    "part", [value for value in vars(plan).values() if isinstance(value, type) and issubclass(value, BaseModel)]
)
def test_every_field_is_explained(part):
    assert [name for name in part.model_fields if not re.search(rf"\b{name}\b", TEXT)] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: next(iter(example)))
def test_examples_are_parts_of_a_plan(example):
    content = load_plan(ROOT / "recipes" / "default.yaml").model_dump(mode="json")
    if TRAINING & example.keys():
        example = {"training": content["training"] | example}
    if "training" in example:
        example = {"training": content["training"] | example["training"]}
    Plan.model_validate(content | example)


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
