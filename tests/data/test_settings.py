"""Settings in YAML: paths from the file's folder, and errors that name the field."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from oncontour.core.errors import InputError
from oncontour.data.settings import read_settings


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    folder: Path
    count: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    places: dict[str, Inner] = {}
    more: list[Inner] = []


def read(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text, "utf-8")
    return read_settings(path, Outer, ("folder",), "settings", "Correct it.")


def test_paths_are_those_from_the_files_folder(tmp_path):
    found = read(tmp_path, "name: folder\nplaces: {a: {folder: data/a}, b: {folder: /b}}\nmore: [{folder: c}]\n")
    assert (found.name, found.places["a"].folder) == ("folder", tmp_path / "data" / "a")
    assert (found.places["b"].folder, found.more[0].folder) == (Path("/b"), tmp_path / "c")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: [", "line 1"),
        ("", "the file"),
        ("name: a\nplaces: {a: {folder: x, count: many}}", r"places.a.count: .*'many'"),
        ("name: a\ncolour: red", "colour"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read(tmp_path, text)


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(InputError, match="FileNotFoundError"):
        read_settings(tmp_path / "none.yaml", Outer, (), "settings", "Write it.")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError):
        read_settings(tmp_path / "binary.yaml", Outer, (), "settings", "Write it.")
