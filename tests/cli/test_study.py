"""`oncontour study` on the command line, from plan to report."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.review.study.rating import answer, lock, next_item, raters
from oncontour.review.study.study import open_study


@pytest.fixture
def plan(tmp_path):
    """A plan of paper 003's kind: a network and a manual mask a case, one a page, two readers."""
    for number, source in enumerate(("manual", "network")):
        (tmp_path / source).mkdir()
        for case in range(4):
            labels = np.zeros((10, 10, 5), np.uint8)
            labels[2 : 5 + number, 2 : 5 + case, 1:4] = 3
            write_nifti(Volume(labels, np.eye(4)), tmp_path / source / f"case-{case}.nii.gz", "uint8")
    (tmp_path / "network" / "case-3.nii.gz").unlink()
    content = {
        "name": "Two readers",
        "scale": "two-step",
        "ask_origin": False,
        "sequences": ["FLAIR"],
        "region": "all",
        "sources": {"network": {"kind": "model", "masks": "network"}, "manual": {"kind": "expert", "masks": "manual"}},
        "raters": {"A": {}, "B": {"cases": "read by all"}},
        "draw": {"masks": 2, "experts": [1, 1], "models": [1, 1], "at_once": 1, "read_by_all": 2},
    }
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["study", *map(str, arguments)])


def test_from_plan_to_report(plan, tmp_path):
    place = tmp_path / "study.sqlite"
    done = run("plan", plan, "--out", place)
    assert done.exit_code == 0, done.output
    for words in ("Read by all: 2 cases", "case-3, network: no mask", "A: 1 case left out"):
        assert words in done.stdout, words
    study = open_study(str(place))
    chance = np.random.default_rng(0)
    for rater in raters(study):
        while (item := next_item(study, rater)) is not None:
            for mask in item.masks:
                share = ["nothing", "less than a quarter", "more than half"][chance.integers(3)]
                answer(study, rater, mask.mask, "missing on FLAIR", share)
                answer(study, rater, mask.mask, "consistent", bool(chance.integers(2)))
                answer(study, rater, mask.mask, "includes normal anatomy", False)
            lock(study, rater, item.item)
    assert "6 of 6" in run("status", place).stdout
    blinded, told = tmp_path / "blinded.csv", tmp_path / "told.csv"
    assert run("export", place, "--csv", blinded).exit_code == 0
    assert run("export", place, "--csv", told, "--unblind").exit_code == 0
    text = blinded.read_text("utf-8")
    assert not any(word in text for word in ("network", "manual", "case-"))
    with told.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {(row["rater"], row["source"]) for row in rows} == {(r, s) for r in "AB" for s in ("network", "manual")}
    groups = tmp_path / "groups.csv"
    groups.write_text("case,kind\ncase-0,new\ncase-1,new\ncase-2,recurrent\n", "utf-8")
    done = run("analyse", place, "--out", tmp_path / "out", "--groups", groups, "--by", "kind")
    assert done.exit_code == 0, done.output
    assert "All 10 masks read by 2 raters" in done.stdout
    assert (tmp_path / "out" / "figures" / "crosstabs.png").is_file()


def test_errors_are_told(plan, tmp_path):
    assert run("analyse", tmp_path / "none.sqlite").exit_code == 2
    plan.write_text("name: [", "utf-8")
    done = run("plan", plan, "--out", tmp_path / "study.sqlite")
    assert done.exit_code == 2
    assert "line 1" in done.stderr
