"""JSON objects and digests of files."""

from __future__ import annotations

import pytest

from oncontour.core.errors import BundleError, InputError
from oncontour.data.files import file_digest, read_json, write_json


def test_what_was_written_is_read(tmp_path):
    write_json(tmp_path / "a.json", {"name": "ö", "n": [1, 2]})
    assert read_json(tmp_path / "a.json") == {"name": "ö", "n": [1, 2]}


@pytest.mark.parametrize(
    ("text", "found"), [(None, "FileNotFoundError"), ("{", "JSONDecodeError"), ("[1]", "a JSON list")]
)
def test_what_is_no_object_is_refused_in_the_callers_words(tmp_path, text, found):
    path = tmp_path / "a.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=found):
        read_json(path)
    with pytest.raises(BundleError, match=r"expected a JSON object. Copy it again."):
        read_json(path, BundleError, "Copy it again.")


def test_a_digest_is_that_of_sha256sum(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
