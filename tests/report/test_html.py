import dataclasses
import re
from html.parser import HTMLParser

import pytest

from oncontour.core.errors import OutputError
from oncontour.report import write_html
from oncontour.report.case import STATEMENT

PICTURE = b"\x89PNG stands in"


class Reader(HTMLParser):
    """Collects text and attributes, and checks that every tag is closed."""

    void = frozenset({"meta", "img", "br", "path"})

    def __init__(self):
        super().__init__()
        self.text, self.attributes, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def read(case, tmp_path):
    path = tmp_path / "report.html"
    write_html(case, path, PICTURE)
    reader = Reader()
    source = path.read_text(encoding="utf-8")
    reader.feed(source)
    assert reader.open == []
    return source, re.sub(r"\s+", " ", " ".join(reader.text)), reader.attributes


def test_everything_a_reader_needs_is_said(case, tmp_path):
    _, text, _ = read(case, tmp_path)
    for words in (
        case.name, case.findings, STATEMENT, case.model_card, case.version, "whole tumour", "tumour core",
        "reference", "missing", "series 3", "Taken as skull-stripped", "localiser", "Fail", "Warning", "OK",
        "registration agreement FLAIR", "network 14.5 s", "14.8 s", "patient's right on the picture's left",
    ):  # fmt: skip
        assert words in text, words


def test_nothing_is_requested_from_elsewhere(case, tmp_path):
    source, _, attributes = read(case, tmp_path)
    addresses = [value for name, value in attributes if name in ("src", "href")]
    assert addresses
    assert all(value.startswith("data:image/png;base64,") for value in addresses)
    assert "<script" not in source
    assert "url(" not in source
    assert "@import" not in source
    assert "default-src 'none'" in source


def test_a_hostile_name_stays_text(case, tmp_path):
    source, text, _ = read(dataclasses.replace(case, name="<script>alert(1)</script>"), tmp_path)
    assert "<script" not in source
    assert "<script>alert(1)</script>" in text


def test_a_folder_that_is_not_there_is_named_and_no_part_stays(case, tmp_path):
    with pytest.raises(OutputError, match="absent"):
        write_html(case, tmp_path / "absent" / "report.html", PICTURE)
    read(case, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
