"""`oncontour phantom` hands its options to `write_cohort`."""

from __future__ import annotations

import json

import typer
from typer.testing import CliRunner

from oncontour.cli.phantom import KindName, register
from oncontour.data.phantom import cohort
from oncontour.data.phantom.kinds import KINDS

app = typer.Typer()
register(app)


def test_kinds_are_those_of_the_phantom():
    assert {kind.value for kind in KindName} == set(KINDS)


def test_options_arrive(monkeypatch, tmp_path):
    asked = {}

    def write_cohort(folder, count, seed, settings, anatomies, workers, progress):
        asked.update(folder=folder, count=count, seed=seed, settings=settings, workers=workers)
        progress(count)
        return folder / "manifest.json"

    monkeypatch.setattr(cohort, "write_cohort", write_cohort)
    line = f"{tmp_path} --cases 3 --kind adc --seed 5 --spacing 2 --skull --dicom --native --without T1CE -j 2"
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == 0, result.output
    settings = asked["settings"]
    assert (asked["count"], asked["seed"], asked["workers"]) == (3, 5, 2)
    assert (settings.kind, settings.spacing_mm, settings.format) == ("adc", 2.0, "dicom")
    assert settings.skull
    assert settings.native
    assert settings.without == ("T1CE",)


def test_unusable_settings_exit_with_2(tmp_path):
    result = CliRunner().invoke(app, [str(tmp_path / "out"), "--spacing", "0.01"])
    assert result.exit_code == 2
    assert not json.dumps(result.output).count("Traceback")
