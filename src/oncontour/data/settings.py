"""Settings that people write as YAML: read into a pydantic model, with the field that is wrong named."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from oncontour.core.errors import InputError

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path, kind: type[Settings], paths: Collection[str], expected: str, remedy: str) -> Settings:
    """Read a YAML file; paths in it are relative to its folder.

    Args:
        kind: the model.
        paths: names of fields that hold a path where they hold text.
        expected: what the file should be, for messages.
        remedy: what to do where it is not.

    Raises:
        InputError: no YAML, or a field that is wrong, which is named.
    """
    try:
        return kind.model_validate(_placed(yaml.safe_load(path.read_text("utf-8")), path.parent.resolve(), paths))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        found = f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else type(error).__name__
        raise InputError(path, found, f"a YAML file of {expected}", remedy) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        value = "" if isinstance(first["input"], dict) else f" (it says {first['input']!r})"
        raise InputError(path, f"{place}: {first['msg']}{value}", expected, remedy) from error


def _placed(content: Any, folder: Path, paths: Collection[str]) -> Any:
    """The same, with every path made absolute."""
    if isinstance(content, list):
        return [_placed(one, folder, paths) for one in content]
    if not isinstance(content, dict):
        return content
    return {
        key: str(folder / value) if key in paths and isinstance(value, str) else _placed(value, folder, paths)
        for key, value in content.items()
    }
