"""Recipes: those that come with the package, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from oncontour.core.errors import InputError
from oncontour.experiments.experiment import Experiment

SHIPPED = Path(__file__).parent / "recipes"


def recipe_names() -> tuple[str, ...]:
    """Names of the shipped recipes, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def recipe_file(name: str) -> Path:
    """The file of a shipped recipe, by its name or the number that it begins with; or the file itself.

    Raises:
        InputError: there is none.
    """
    if Path(name).suffix in (".yaml", ".yml") and Path(name).is_file():
        return Path(name)
    found = [known for known in recipe_names() if known == name or known.split("-")[0] == name]
    if len(found) != 1:
        expected = f"one of {', '.join(recipe_names())}, or a YAML file"
        raise InputError("recipe", repr(name), expected, "`oncontour recipe list` tells them.")
    return SHIPPED / f"{found[0]}.yaml"


def load_recipe(name: str) -> Experiment:
    """Read a recipe, by name or path.

    Raises:
        InputError: no such recipe, or a file that is none; the message names the field.
    """
    path = recipe_file(name)
    try:
        return Experiment.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        line = error.problem_mark.line + 1 if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark else None
        found = f"no readable YAML (line {line})" if line else f"no readable YAML ({type(error).__name__})"
        raise InputError(path.name, found, "a recipe", "Correct the file.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the recipe"
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(path.name, f"{place}: {message}", "a recipe", "Correct that field.") from error
