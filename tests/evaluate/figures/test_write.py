"""What the command line writes: every figure as PNG, PDF and CSV."""

from __future__ import annotations

import csv

import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.labels import SCHEMES
from oncontour.evaluate.compare import compare
from oncontour.evaluate.figures import write
from oncontour.evaluate.figures.write import write_comparison_figures, write_evaluation_figures
from oncontour.evaluate.run import evaluate


@pytest.fixture
def written(monkeypatch):
    """Figures by name with their rows, instead of files."""
    kept = {}

    def keep(figure, stem, rows):
        kept[stem.name] = (figure, list(rows))
        return (stem.with_suffix(".png"),)

    monkeypatch.setattr(write, "write_figure", keep)
    return kept


def test_an_evaluation_has_six_figures(folders, written, tmp_path):
    scores = evaluate(*folders, "brats").scores
    paths = write_evaluation_figures(scores, SCHEMES["brats"], tmp_path)
    assert [path.stem for path in paths] == list(written) == [
        "dice-violins", "dice-strips", "volumes", "volumes-bland-altman", "shares", "shares-bland-altman",
    ]  # fmt: skip
    _, rows = written["dice-violins"]
    assert {(row["region"], row["case"]): row["dice"] for row in rows} == {(s.region, s.case): s.dice for s in scores}
    _, rows = written["shares-bland-altman"]
    assert rows[0]["ref"] == pytest.approx(12.5)


def test_one_region_has_no_shares_and_no_case_no_figure(folders, written, tmp_path):
    scores = [score for score in evaluate(*folders, "brats").scores if score.region == "WT"]
    write_evaluation_figures(scores, SCHEMES["whole"], tmp_path)
    assert "shares" not in written
    assert write_evaluation_figures([], SCHEMES["brats"], tmp_path) == ()


def test_a_comparison_draws_the_cases_that_all_have(make, written, tmp_path):
    models = [make("A", 20), make("B", 18, 1)]
    found = compare(models, "dice")
    write_comparison_figures(models, found, tmp_path)
    assert list(written) == ["dice-violins", "dice-strips", "dice-brackets"]
    assert len(written["dice-violins"][1]) == 3 * 2 * 18
    tested = [row["value"] for row in written["dice-brackets"][1] if row["mark"] == "P"]
    assert tested == [one.adjusted_p for one in found.differences]


@pytest.mark.slow
def test_commands_write_files(folders, tmp_path):
    pred, ref = map(str, folders)
    for name in ("a", "b"):
        done = CliRunner().invoke(app, ["evaluate", pred, ref, "--out", str(tmp_path / name), "--figures"])
        assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "a/figures").iterdir())
    assert len(names) == 18
    assert {"volumes.csv", "volumes.pdf", "volumes.png"} <= set(names)
    rows = list(csv.DictReader((tmp_path / "a/figures/shares.csv").open()))
    assert rows[1]["pred"] == ""  # nothing was found: no shares
    ours, theirs, out = (str(tmp_path / name) for name in "abc")
    done = CliRunner().invoke(app, ["compare", ours, theirs, "--figures", out])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "c/dice-strips.pdf").read_bytes().startswith(b"%PDF")
    assert "dice-brackets.png" in done.stdout
