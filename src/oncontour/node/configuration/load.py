"""Reading node.yaml."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.data.files import write_whole
from oncontour.data.settings import read_settings
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
    return read_settings(path, NodeSettings, _PATHS, "settings of a node", remedy)


_PATHS = frozenset(
    ("place", "rules", "folder", "archive", "certificate", "key", "authorities", "token_file", "password_file")
)
"""Fields that hold a path."""
