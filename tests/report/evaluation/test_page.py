"""The page of an evaluation: one file, nothing requested, every name text, every case in it."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.run import evaluate
from oncontour.evaluate.subgroups import read_groups
from oncontour.report.evaluation import report_evaluation

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0])
HOSTILE = "<script>alert(1)<"
"""A case's name on a system that allows it in a file's."""

VOID = frozenset({"meta", "img", "br", "input"})


class Reader(HTMLParser):
    """Collects text, attributes and tables' rows, and checks that every tag is closed."""

    def __init__(self):
        super().__init__()
        self.text, self.attributes, self.open, self.rows = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] in (["style"], ["script"]):
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def labels(i: int, edge: int = 6) -> np.ndarray:
    array = np.zeros((30, 20, 12), np.uint8)
    array[i : i + edge, 6 : 6 + edge, 3 : 3 + edge] = 2
    array[i + 1 : i + 4, 7:10, 4:7] = 3
    return array


@pytest.fixture
def folders(tmp_path):
    """Six cases: three good, of which one's name is hostile; one mirrored, one without prediction, one damaged."""
    pred, ref = tmp_path / "network", tmp_path / "experts"
    for folder in (pred, ref):
        folder.mkdir()
    found = {"a": labels(4), "b": labels(5), HOSTILE: labels(4), "mirrored": labels(4)[::-1], "cut": labels(4)[:-1]}
    for case in (*found, "lost"):
        write_nifti(Volume(labels(4), AFFINE), ref / f"{case}.nii.gz", "uint8")
    for case, array in found.items():
        write_nifti(Volume(np.ascontiguousarray(array), AFFINE), pred / f"{case}.nii.gz", "uint8")
    write_nifti(Volume(labels(4), AFFINE), pred / "stranger.nii.gz", "uint8")
    return pred, ref


def read(path):
    reader = Reader()
    source = path.read_text("utf-8")
    reader.feed(source)
    assert reader.open == []
    return source, re.sub(r"\s+", " ", " ".join(reader.text)), reader


@pytest.fixture
def page(folders, tmp_path):
    found = evaluate(*folders, "brats")
    (tmp_path / "groups.csv").write_text(f"case,kind\na,x\nb,x\nlost,y\nmirrored,y\n{HOSTILE},<b>bold</b>\nnobody,x\n")
    out = tmp_path / "out"
    (out / "figures").mkdir(parents=True)
    Image.new("RGB", (4, 3)).save(out / "figures" / "violin_dice.png")
    charts = [out / "figures" / name for name in ("violin_dice.pdf", "violin_dice.png")]
    written = report_evaluation(found, out, subgroups=read_groups(tmp_path / "groups.csv"), figures=charts)
    return found, written, read(written[-1])


def test_what_a_reader_needs_is_said(page):
    found, _, (_, text, _) = page
    for words in (
        "network against experts", "5 cases scored in 3 regions", "1 without a prediction", "1 failed",
        "counted as missed (1): lost", "not scored (1): stranger", "cut could not be scored", "voxels of",
        "374 mm", "wrong side", "prediction missing", "Nothing to judge", "violin dice", "Research use only",
        "In the table, not evaluated (1): nobody", "Benjamini-Hochberg", "Mann-Whitney U", "P(x > y) 1.00",
        "WT = NCR + ED + ET",
    ):  # fmt: skip
        assert re.sub(r"\s+", " ", words) in text, words
    assert len(found.summaries) == 3


def test_nothing_is_requested_from_elsewhere_and_one_script_may_run(page):
    *_, (source, _, reader) = page
    addresses = [value for _, name, value in reader.attributes if name in ("src", "href")]
    assert addresses
    assert all(value.startswith("data:image/png;base64,") for value in addresses)
    assert "url(" not in source
    assert "@import" not in source
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(value for _, name, value in reader.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy


def test_hostile_names_stay_text(page):
    *_, (source, text, _) = page
    assert "<script>alert" not in source
    assert "<b>bold" not in source
    assert HOSTILE in text
    assert "<b>bold</b>" in text


def test_every_case_stands_in_the_table_with_its_figures(page):
    found, _, (_, _, reader) = page
    heads = next(row for row in reader.rows if row and row[0] == "Case" and "Dice WT" in row)
    rows = {row[0]: row for row in reader.rows if len(row) == len(heads) and row is not heads}
    assert set(rows) == {"a", "b", HOSTILE, "mirrored", "lost"}
    dice = {score.case: score.dice for score in found.scores if score.region == "WT"}
    assert {case: row[heads.index("Dice WT")] for case, row in rows.items()} == {
        case: f"{value:.3f}" for case, value in dice.items()
    }
    assert rows["lost"][-1] == "no prediction"
    assert rows["lost"][heads.index("HD95 (mm)")] == "–"
    keys = [value for tag, name, value in reader.attributes if (tag, name) == ("td", "data-key")]
    assert repr(dice["b"]) in keys
    assert "nan" in keys


def test_both_sets_of_cases_are_told(folders, tmp_path):
    """Without a reference of the region: Dice 1 counts among all cases, and not among those that have it."""
    pred, ref = folders
    for folder in folders:
        write_nifti(Volume(np.zeros((30, 20, 12), np.uint8), AFFINE), folder / "healthy.nii.gz", "uint8")
    found = evaluate(pred, ref, "brats")
    *_, path = report_evaluation(found, tmp_path / "out")
    _, _, reader = read(path)
    every, present = (row for row in reader.rows if row and row[0] == "WT" and "[" in row[-1] and len(row) > 6)
    one = found.summaries[0]
    assert (every[1], every[2], every[3]) == ("6", "2", "1")
    assert (present[1], present[2]) == ("5", "2")
    assert f"{one.all_cases['dice'].mean:.3f}" in every[5]
    assert f"{one.present['dice'].mean:.3f}" in present[3]


def test_nothing_of_an_earlier_evaluation_is_taken_for_this_ones(page):
    found, written, _ = page
    out = written[-1].parent
    assert (out / "subgroups.csv").exists()
    *_, path = report_evaluation(found, out)
    _, text, _ = read(path)
    assert not (out / "subgroups.csv").exists()
    assert not (out / "subgroup_tests.csv").exists()
    assert "violin dice" not in text


def test_thumbnails_are_numbered_as_the_table_lists_them(page):
    _, written, _ = page
    out = written[-1].parent
    rows = list(csv.DictReader((out / "failures.csv").open()))
    assert {row["case"] for row in rows} == {"mirrored", "lost"}
    names = sorted(path.name for path in (out / "failures").iterdir())
    assert names == ["001.png", "002.png"]
    place = next(n for n, row in enumerate(rows, start=1) if row["case"] == "mirrored")
    picture = np.asarray(Image.open(BytesIO((out / f"failures/{place:03d}.png").read_bytes())).convert("RGB")).astype(
        int
    )
    blue, orange = (
        np.nonzero(np.abs(picture - colour).max(axis=-1) < 40)[1].mean() for colour in ((86, 180, 233), (230, 159, 0))
    )
    assert orange < blue  # low indices are the patient's left, which lies right


def test_command(folders, tmp_path):
    pred, ref = (str(folder) for folder in folders)
    table = tmp_path / "groups.csv"
    table.write_text("case,kind\na,x\nb,x\nlost,y\nmirrored,y\n")
    out = tmp_path / "out"
    run = CliRunner().invoke(app, ["evaluate", pred, ref, "--out", str(out), "--subgroups", str(table), "--by", "kind"])
    assert run.exit_code == 1, run.output  # one case failed
    assert {"report.html", "subgroups.csv", "subgroup_tests.csv", "failures.csv"} <= {
        path.name for path in out.iterdir()
    }
    wrong = [["--subgroups", str(table), "--by", "site"], ["--failures-in", "NONE"]]
    for options in wrong:
        run = CliRunner().invoke(app, ["evaluate", pred, ref, "--out", str(tmp_path / "none"), *options])
        assert run.exit_code == 2
        assert not (tmp_path / "none").exists()
