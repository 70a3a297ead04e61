"""`oncontour follow` on the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti


@pytest.fixture
def masks(tmp_path):
    """Two label maps."""
    paths = []
    for n, edge in enumerate((14, 16)):
        labels = np.zeros((20, 20, 5), np.uint8)
        labels[1 : 1 + edge, 1 : 1 + edge, 1:4] = 3
        paths.append(tmp_path / f"scan-{n}.nii.gz")
        write_nifti(Volume(labels, np.eye(4)), paths[-1], "uint8")
    return paths


def run(*arguments):
    return CliRunner().invoke(app, ["follow", *map(str, arguments)])


def test_label_maps_with_days(masks, tmp_path):
    done = run(*masks, "--days", "0, 42", "--out", tmp_path / "out", "--repeatability", "10")
    assert done.exit_code == 0, done.output
    for words in ("ET, enhancing tumour, by RANO", "Day 42", "progressive disease", "stable disease", "follow.html"):
        assert words in done.stdout, words
    content = json.loads((tmp_path / "out" / "follow.json").read_text("utf-8"))
    assert content["scans"][1]["assessments"]["volume"]["from_baseline"]["beyond_error"] is True


def test_a_table_with_dates(masks, tmp_path):
    table = tmp_path / "visits.csv"
    table.write_text(f"date,mask\n2024-01-01,{masks[0].name}\n2024-02-12,{masks[1].name}\n")
    done = run(table, "--out", tmp_path / "out", "--criteria", "RANO-LGG", "--show-dates")
    assert done.exit_code == 0, done.output
    content = json.loads((tmp_path / "out" / "follow.json").read_text("utf-8"))
    assert (content["region"], content["scans"][1]["date"]) == ("WT", "2024-02-12")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "neither days nor dates"),
        (["--days", "0"], "1 days for 2 masks"),
        (["--days", "0,soon"], "'soon'"),
        (["--days", "3,3"], "two scans of one day"),
        (["--dates", "2024-01-01,Monday"], "6 characters that are no date"),
        (["--days", "0,42", "--criteria", "WHO"], "'WHO'"),
    ],
)
def test_what_cannot_be_used_is_explained(masks, tmp_path, arguments, words):
    done = run(*masks, *arguments, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (tmp_path / "out").exists()
