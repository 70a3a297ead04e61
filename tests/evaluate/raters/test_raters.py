"""Readers and models from folders to tables: who is compared with whom, and what is missing or cannot be read."""

from __future__ import annotations

import csv
import json
import pickle
from functools import partial

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.core.errors import GeometryError, InputError
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_voxels, write_nifti
from oncontour.evaluate.pairs import Masks
from oncontour.evaluate.raters.agreement import against_references, bands, matrix
from oncontour.evaluate.raters.case import PairScore, Setup, compare_case
from oncontour.evaluate.raters.run import raters
from oncontour.evaluate.raters.sources import Source, find_sources, gather
from oncontour.evaluate.statistics import benjamini_hochberg

AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])
CASES = ("a", "b", "c")


def box(start: int, edge: int = 6) -> np.ndarray:
    array = np.zeros((20, 16, 14), np.uint8)
    array[start : start + edge, 4:10, 4:10] = 1
    return array


def write(path, array, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(Volume(array, affine), path, "uint8")


@pytest.fixture
def folders(tmp_path):
    """Three experts a voxel apart from the next, a model three voxels off; E3 lacks case c, the model adds case d.

    Edges of 6, 7 and 8 voxels.
    """
    for edge, case in enumerate(CASES, start=6):
        for name, start in (("E1", 4), ("E2", 5), ("E3", 6), ("AI", 7)):
            if (name, case) != ("E3", "c"):
                write(tmp_path / name / f"{case}_seg.nii.gz", box(start, edge))
    write(tmp_path / "AI" / "d.nii.gz", box(4))
    return {name: tmp_path / name for name in ("E1", "E2", "E3")}, {"AI": tmp_path / "AI"}


def test_every_two_sources_are_compared_in_each_case(folders):
    found = raters(*folders, "whole")
    assert found.cases == CASES
    dices = {(one.case, one.first, one.second): one.dice for one in found.scores}
    assert len(dices) == 6 + 6 + 3
    assert dices["a", "E1", "E2"] == pytest.approx(5 / 6)
    assert dices["a", "E1", "AI"] == pytest.approx(3 / 6)
    kinds = {(one.first, one.second): one.kind for one in found.scores}
    assert (kinds["E1", "E3"], kinds["E1", "AI"]) == ("experts", "expert and model")
    assert found.scores[0].volume_first_ml == pytest.approx(216 * 2 / 1000)


def test_what_is_missing_is_listed_and_not_an_empty_mask(folders):
    found = raters(*folders, "whole")
    assert found.missing == {"E1": ("d",), "E2": ("d",), "E3": ("c", "d")}
    assert found.alone == ("d",)
    assert {one.case for one in found.scores if "E3" in (one.first, one.second)} == {"a", "b"}
    cells = {(one.first, one.second): one.dice.n for one in found.matrix}
    assert (cells["E1", "E2"], cells["E1", "E3"]) == (3, 2)


def test_one_mask_that_fails_stops_none_of_the_others(folders):
    experts, models = folders
    moved = AFFINE.copy()
    moved[0, 3] = 1.0
    write(experts["E2"] / "a_seg.nii.gz", box(5), moved)
    (experts["E1"] / "b_seg.nii.gz").write_bytes(b"no mask")
    found = raters(experts, models, "whole")
    assert {case: list(errors) for case, errors in found.failed.items()} == {"a": ["E2"], "b": ["E1"]}
    assert isinstance(found.failed["a"]["E2"], GeometryError)
    assert {(one.case, one.first, one.second) for one in found.scores if one.case != "c"} == {
        *(("a", *pair) for pair in (("E1", "E3"), ("E1", "AI"), ("E3", "AI"))),
        *(("b", *pair) for pair in (("E2", "E3"), ("E2", "AI"), ("E3", "AI"))),
    }
    assert not raters(experts, models, "whole", placing="resample").failed.get("a")


def test_work_and_its_result_can_cross_to_another_process(folders):
    sources = find_sources(*folders, "whole")
    work = partial(compare_case, setup=Setup("whole", sources))
    reading = gather(sources).cases[0]
    done = pickle.loads(pickle.dumps(work))(pickle.loads(pickle.dumps(reading)))
    assert pickle.loads(pickle.dumps(done)) == work(reading)


def source(name: str, expert: bool) -> Source:
    return Source(name, Masks(None, {}, ()), expert)  # type: ignore[arg-type]


def score(case: int, first: str, second: str, dice: float, volumes: tuple[float, float] = (1, 1)) -> PairScore:
    return PairScore(str(case), "WT", first, second, "", dice, *volumes)


SOURCES = (source("E1", True), source("E2", True), source("E3", True), source("AI", False))
RNG = np.random.default_rng(8)
DICE = {
    pair: RNG.uniform(low, low + 0.2, 12)
    for pair, low in (
        (("E1", "E2"), 0.75), (("E1", "E3"), 0.7), (("E2", "E3"), 0.72), (("E1", "AI"), 0.65), (("E2", "AI"), 0.6),
        (("E3", "AI"), 0.62),
    )
}  # fmt: skip
SCORES = [score(n, *pair, float(value)) for pair, values in DICE.items() for n, value in enumerate(values)]


def test_each_expert_is_the_reference_of_all_others():
    """As paper 001, Figure 4 B to D: signed-rank tests, and P values of one family."""
    found = against_references(SCORES, SOURCES)
    assert len(found) == 3 * 3
    one = next(one for one in found if (one.reference, one.first, one.second) == ("E2", "E1", "AI"))
    expected = stats.wilcoxon(DICE["E1", "E2"], DICE["E2", "AI"]).pvalue
    assert one.paired.wilcoxon.p == pytest.approx(expected)
    assert one.dice[0].median == pytest.approx(np.median(DICE["E1", "E2"]))
    raw = [each.paired.wilcoxon.p for each in found]
    assert [each.adjusted_p for each in found] == pytest.approx(benjamini_hochberg(raw))


def test_a_model_against_the_band():
    (found,) = bands(SCORES, SOURCES)
    model = (DICE["E1", "AI"] + DICE["E2", "AI"] + DICE["E3", "AI"]) / 3
    pairs = np.stack([DICE["E1", "E2"], DICE["E1", "E3"], DICE["E2", "E3"]])
    assert found.paired.mean == pytest.approx((model - pairs.mean(0)).mean())
    assert found.reached == pytest.approx((model >= pairs.min(0)).mean())
    assert found.above == (model > pairs.max(0)).sum()
    assert found.below + found.within + found.above == 12
    assert 0 < found.below < 12
    assert found.paired.interval.low < found.paired.mean < found.paired.interval.high
    assert found.adjusted_p == pytest.approx(stats.wilcoxon(model - pairs.mean(0)).pvalue)


def test_a_case_of_two_experts_has_a_band_of_one_pair():
    rows = [score(0, "E1", "E2", 0.8), score(0, "E1", "AI", 0.9), score(0, "E2", "AI", 0.7)]
    (found,) = bands(rows, SOURCES)
    assert (found.below, found.within, found.above) == (0, 1, 0)
    assert found.paired is None
    assert np.isnan(found.adjusted_p)
    (without,) = bands([score(0, "E1", "AI", 0.9)], SOURCES)
    assert without.model_dice.n == 0
    assert np.isnan(without.reached)


def test_a_model_that_equals_the_experts_is_within_their_band():
    """The mean of three equal figures is a rounding below them."""
    rows = [score(0, *pair, 0.7) for pair in DICE]
    (found,) = bands(rows, SOURCES)
    assert np.mean([0.7] * 3) < 0.7
    assert (found.below, found.within, found.above) == (0, 1, 0)


def test_empty_masks_are_counted():
    rows = [score(0, "E1", "E2", 1.0, (0, 0)), score(1, "E1", "E2", 0.0, (0, 1)), score(2, "E1", "E2", 0.8)]
    (cell,) = matrix(rows)
    assert (cell.dice.n, cell.both_empty, cell.one_empty) == (3, 1, 1)
    assert cell.dice.median == 0.8


def test_single_files_are_one_case_whatever_they_are_called(tmp_path):
    write(tmp_path / "smith.nii.gz", box(4))
    write(tmp_path / "jones.nii.gz", box(5))
    found = raters({"A": tmp_path / "smith.nii.gz", "B": tmp_path / "jones.nii.gz"}, {}, "whole")
    assert [one.dice for one in found.scores] == pytest.approx([5 / 6])


def test_what_cannot_be_compared_is_told(folders, tmp_path):
    experts, models = folders
    with pytest.raises(InputError, match="found E1; expected two or more"):
        raters({"E1": experts["E1"]}, models, "whole")
    with pytest.raises(InputError, match="'E1' as expert and model"):
        raters(experts, {"E1": models["AI"]}, "whole")
    with pytest.raises(InputError, match="'brets'"):
        raters(experts, models, "brets")
    write(tmp_path / "other/x.nii.gz", box(4))
    with pytest.raises(InputError, match="names that occur twice"):
        raters({"E1": experts["E1"], "X": tmp_path / "other"}, {}, "whole")


def test_command(folders, tmp_path):
    experts, models = folders
    out = tmp_path / "out"
    named = [f"{name}={path}" for name, path in experts.items()]
    order = ["raters", *named, "--model", f"AI={models['AI']}", "--scheme", "whole", "--out", str(out), "--consensus"]
    done = CliRunner().invoke(app, order)
    assert done.exit_code == 0, done.output
    assert "No mask of E3: c, d" in done.stdout
    assert "of one source alone: d" in done.stdout
    assert max(map(len, done.stdout.split("Written")[0].splitlines())) <= 100
    rows = list(csv.DictReader((out / "matrix.csv").open()))
    assert len(rows) == 12
    assert float(next(row for row in rows if (row["first"], row["second"]) == ("AI", "E1"))["median"]) == 4 / 7
    band = next(csv.DictReader((out / "band.csv").open()))
    assert (band["model"], band["n"], band["n_below"]) == ("AI", "3", "1")
    drawn = read_voxels(out / "consensus/majority/a.nii.gz")[0]
    assert (drawn.array == box(5)).all()
    assert np.allclose(drawn.affine, AFFINE)
    tie = read_voxels(out / "consensus/majority/c.nii.gz")[0].array
    assert (tie == (box(4, 8) & box(5, 8))).all()
    assert read_voxels(out / "consensus/staple/a.nii.gz")[0].array.any()
    rates = list(csv.DictReader((out / "staple.csv").open()))
    assert [(row["case"], row["expert"]) for row in rates] == [
        ("a", "E1"), ("a", "E2"), ("a", "E3"), ("b", "E1"), ("b", "E2"), ("b", "E3"), ("c", "E1"), ("c", "E2"),
    ]  # fmt: skip
    summary = json.loads((out / "raters.json").read_text())
    assert summary["masks_missing"]["E3"] == ["c", "d"]
    assert summary["adjusted"]["references.csv"] == "9 tests: 1 regions, 3 references, 3 pairs of the others"
    assert CliRunner().invoke(app, ["raters", "E1", "E2"]).exit_code == 2
    assert CliRunner().invoke(app, ["raters", named[0], named[0]]).exit_code == 2
    (experts["E1"] / "a_seg.nii.gz").write_bytes(b"no mask")
    assert CliRunner().invoke(app, [*order[:-1]]).exit_code == 1
