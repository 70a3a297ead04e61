"""Reading node.yaml."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from oncontour.core.errors import InputError
from oncontour.data.files import write_whole
from oncontour.node.configuration.settings import NodeSettings


def template() -> str:
    """A commented node.yaml to begin with."""
    return files("oncontour.node.configuration").joinpath("template.yaml").read_text("utf-8")


def write_template(path: Path) -> None:
    """Write it where no file is.

    Raises:
        InputError: there is one.
    """
    if path.exists():
        raise InputError(path, "a file", "no file there yet", "Remove it, or give another name.")
    write_whole(path, lambda part: part.write_text(template(), "utf-8"))


def load_settings(path: Path) -> NodeSettings:
    """Read a node.yaml; paths in it are relative to its folder.

    Raises:
        InputError: no YAML, or a field that is wrong, which is named.
    """
    remedy = "`oncontour node init` writes a commented file to begin with."
    try:
        return NodeSettings.model_validate(_placed(yaml.safe_load(path.read_text("utf-8")), path.parent.resolve()))
    except (OSError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        found = f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else type(error).__name__
        raise InputError(path, found, "a YAML file of a node's settings", remedy) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        value = "" if isinstance(first["input"], dict) else f" (it says {first['input']!r})"
        raise InputError(path, f"{place}: {first['msg']}{value}", "settings of a node", remedy) from error


_PATHS = frozenset(
    ("place", "rules", "folder", "archive", "certificate", "key", "authorities", "token_file", "password_file")
)
"""Fields that hold a path."""


def _placed(content: Any, folder: Path) -> Any:
    """The same, with every path made absolute."""
    if isinstance(content, list):
        return [_placed(one, folder) for one in content]
    if not isinstance(content, dict):
        return content
    return {
        key: str(folder / value) if key in _PATHS and isinstance(value, str) else _placed(value, folder)
        for key, value in content.items()
    }
