"""Models compared by what `oncontour evaluate` wrote of them."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.errors import InputError
from oncontour.evaluate.compare import compare, read_model
from oncontour.evaluate.statistics import compare_paired

RNG = np.random.default_rng(5)
BASE = {region: RNG.uniform(0.5, 0.9, 20) for region in ("WT", "TC")}


def write(folder, shift, cases=range(20)):
    folder.mkdir()
    lines = ["case,region,dice,hd95"]
    for region, values in BASE.items():
        lines += [f"c{n},{region},{values[n] + shift * (n % 3 - 0.5)},{'' if n == 3 else n}" for n in cases]
    (folder / "cases.csv").write_text("\n".join(lines))
    return folder


@pytest.fixture
def models(tmp_path):
    return write(tmp_path / "good", 0.05), write(tmp_path / "plain", 0.0), write(tmp_path / "bad", -0.1, range(1, 20))


def test_two_models(models):
    good, plain = (read_model(path, "dice") for path in models[:2])
    found = compare([good, plain], "dice")
    assert [one.region for one in found.differences] == ["WT", "TC"]
    whole = found.differences[0]
    expected = compare_paired(*([model.scores["WT"][f"c{n}"] for n in range(20)] for model in (good, plain)))
    assert whole.paired.mean == pytest.approx(expected.mean)
    assert whole.test.p == pytest.approx(expected.wilcoxon.p)
    assert whole.adjusted_p >= whole.test.p
    assert found.overall == {}
    assert found.family == "2 tests of dice: 2 regions"


def test_the_test_can_be_chosen(models):
    read = [read_model(path, "dice") for path in models[:2]]
    assert compare(read, "dice", "paper").differences[0].test.name == "Wilcoxon rank-sum"
    assert compare(read, "dice", "t").differences[0].test.name == "paired t"


def test_three_models_on_the_cases_that_all_have(models):
    found = compare([read_model(path, "dice") for path in models], "dice")
    assert found.left_out == ("c0",)
    assert len(found.differences) == 6
    assert found.overall["WT"].overall.name == "Friedman"
    assert found.overall["WT"].overall.n == 19


def test_a_missing_distance_counts_as_the_penalty(models):
    assert read_model(models[0], "hd95").scores["WT"]["c3"] == 374
    assert read_model(models[0], "hd95", penalty_mm=100).scores["WT"]["c3"] == 100


def test_command_prints_n_and_effect_beside_every_p(models, tmp_path):
    out = tmp_path / "comparison.csv"
    done = CliRunner().invoke(app, ["compare", f"ours={models[0]}", str(models[1]), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "Benjamini-Hochberg over 2 tests" in done.stdout
    row = next(csv.DictReader(out.open()))
    assert (row["first"], row["second"], row["n"]) == ("ours", "plain", "20")
    assert -1 <= float(row["effect_size"]) <= 1
    assert "significant" not in done.stdout


def test_what_cannot_be_compared_is_told(models, tmp_path):
    with pytest.raises(InputError, match="'quality'"):
        read_model(models[0], "quality")
    with pytest.raises(InputError, match="good, good"):
        compare([read_model(models[0], "dice")] * 2, "dice")
    other = write(tmp_path / "other", 0.0, ())
    with pytest.raises(InputError, match="no region"):
        compare([read_model(models[0], "dice"), read_model(other, "dice")], "dice")
    doubled = tmp_path / "doubled.csv"
    doubled.write_text("case,region,dice\na,WT,1\na,WT,1\n")
    with pytest.raises(InputError, match="'a' twice"):
        read_model(doubled, "dice")
    doubled.write_text("case,region,dice\na,WT,\n")
    with pytest.raises(InputError, match="dice ''"):
        read_model(doubled, "dice")
