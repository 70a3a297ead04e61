"""A follow-up as files and as a page."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from PIL import Image

from oncontour.core.errors import OutputError
from oncontour.core.volume import Volume
from oncontour.data.datasets.tables import read_table
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.follow.run import follow
from oncontour.report.case import STATEMENT
from oncontour.report.follow import findings, html, write_follow_up

from .test_html import Reader

PICTURE = b"\x89PNG stands in"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of three scans by date: a cube that shrinks, then a new lesion that a reader saw."""
    root = tmp_path_factory.mktemp("follow")
    for n, edge in enumerate((16, 11, 11)):
        labels = np.zeros((20, 20, 6), np.uint8)
        labels[1 : 1 + edge, 1 : 1 + edge, 1:4] = 3
        write_nifti(Volume(labels, np.diag([1.0, 1.0, 3.0, 1.0])), root / f"secret-{n}.nii.gz", "uint8")
    (root / "visits.csv").write_text(
        "date,mask,new_lesion,steroids,clinical\n"
        "2024-01-01,secret-0.nii.gz,no,stable,stable\n"
        "2024-02-12,secret-1.nii.gz,no,stable,stable\n"
        "2024-03-25,secret-2.nii.gz,yes,none,improved\n"
    )
    return root


@pytest.fixture(scope="module")
def found(folder):
    return follow([folder / "visits.csv"])


def read(source):
    reader = Reader()
    reader.feed(source)
    assert reader.open == []
    return re.sub(r"\s+", " ", " ".join(reader.text)), reader.attributes


def test_all_files_are_written_and_tell_neither_dates_nor_names(found, tmp_path):
    written = write_follow_up(found, tmp_path / "new" / "out")
    assert [path.name for path in written] == ["follow.png", "follow.pdf", "follow.csv", "follow.json", "follow.html"]
    assert Image.open(written[0]).size[0] > 1000
    assert len(read_table(written[2]).rows) == 3 * 3 * 5
    content = json.loads(written[3].read_text("utf-8"))
    assert (content["schema"], content["statement"]) == ("oncontour/follow-up/1", STATEMENT)
    digests = "".join(scan["mask_sha256"] for scan in content["scans"])
    for path in written[2:]:
        text = re.sub(r"base64,[^\"]*", "", path.read_text("utf-8"))
        assert "secret" not in text
        assert "2024" not in text or "2024" in digests
    assert not list(tmp_path.rglob("*.part"))


def test_the_page_says_all_and_asks_nothing_of_others(found):
    source = html(found, PICTURE)
    text, attributes = read(source)
    second, third = found.responses["area"][1:]
    for words in (
        "ET, enhancing tumour", "follow-up by RANO", STATEMENT, "Day 0", "Day 42", "Day 84", second.words, third.words,
        "Wen 2010", "Ellingson 2017", "unconfirmed", "no new lesion, steroids stable, clinically stable",
        "new lesion, steroids none, clinically improved", "1 of 1", *found.notes,
    ):  # fmt: skip
        assert words in text, words
    assert "2024-02-12" not in text
    assert [value for name, value in attributes if name in ("src", "href") and not value.startswith("data:")] == []
    assert "://" not in source


def test_dates_on_request(found):
    assert "Day 42, 2024-02-12" in read(html(found, PICTURE, show_dates=True))[0]


def test_the_last_scan_in_one_sentence(found, folder):
    assert findings(found) == "Last scan, day 84: by volume progressive disease, by area progressive disease."
    early = follow([folder / f"secret-{n}.nii.gz" for n in (0, 1)], days=[0, 9])
    assert findings(early) == "Last scan, day 9: by volume stable disease, by area partial response, unconfirmed."
    assert findings(follow([folder / "secret-0.nii.gz"], days=[0])) == "No scan after the baseline."


def test_a_folder_that_is_a_file_is_explained(found, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_follow_up(found, tmp_path / "file")
