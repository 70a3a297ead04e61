import csv
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.data.datasets import read_dataset
from oncontour.data.nifti import read_voxels
from oncontour.inference.bundle import load_bundle, verify_bundle
from oncontour.plans.file import save_plan
from oncontour.plans.fingerprint import fingerprint
from oncontour.plans.plan import Plan
from oncontour.plans.propose import Wishes, propose_plan
from oncontour.preprocess.resample import resample
from oncontour.training.machine import Machine
from oncontour.training.prepared import PreparedCase
from oncontour.training.request import Request, first_difference
from oncontour.training.run import train_plan

MACHINE = Machine(device="cpu", workers=0, threads=1)


def rows(path):
    return list(csv.DictReader(path.open()))


def test_two_folds_of_a_data_set(brats, request_of, tmp_path):
    told = []
    request = request_of({"synthetic": None}, dataset=brats(4), folds=None, out=tmp_path / "bundle")
    trained = train_plan(request, lambda *what: told.append(what))
    work = request.work
    assert [what for what in told if what[1] == what[2]] == [
        ("cases", 4, 4),
        ("trainings", 2, 2),
        ("predictions", 4, 4),
    ]
    assert len(rows(work / "scores.csv")) == 4 * 3
    assert [row["region"] for row in rows(work / "summary.csv")] == ["WT", "TC", "ET"]
    assert len(list((work / "predictions").glob("*.nii.gz"))) == 4
    folds = json.loads((work / "folds.json").read_text())
    by_case = {row["case"]: int(row["fold"]) for row in rows(work / "scores.csv")}
    assert all(by_case[name] == fold for fold, part in enumerate(folds["validation_cases"]) for name in part)
    assert len(load_bundle(tmp_path / "bundle").networks) == 2
    assert verify_bundle(trained.bundle) < 0.02
    assert trained.bundle.card_line.startswith("residual_unet at 4 x 4 x 4 mm")
    manifest = json.loads((work / "manifest.json").read_text())
    assert manifest["finished"]
    assert manifest["data"]["cases"] == 4
    assert manifest["data"]["digest"] == folds["digest"]
    assert [one["folder"] for one in manifest["trainings"]] == ["fold_0", "fold_1"]
    assert manifest["seconds"]["training"] > 0
    assert manifest["machine"]["precision"] == "fp32"
    assert str(tmp_path) not in (work / "manifest.json").read_text()


def test_predictions_lie_in_the_cases_own_geometry(brats, request_of):
    data = brats(4)
    request = request_of({"synthetic": None}, dataset=data)
    train_plan(request)
    for path in (request.work / "predictions").glob("*.nii.gz"):
        name = path.name.removesuffix(".nii.gz")
        original = read_voxels(next(data.glob(f"{name}/*seg.nii.gz")))[0]
        assert read_voxels(path)[0].grid.same_as(original.grid)


def test_another_fold_later_uses_the_same_cases_and_split(brats, request_of):
    data = brats(4)
    train_plan(request_of({"synthetic": None}, dataset=data))
    split = request_of().work / "folds.json"
    stamp = split.stat().st_mtime_ns
    train_plan(request_of({"synthetic": None}, dataset=data, folds=(1,)))
    assert split.stat().st_mtime_ns == stamp
    assert (split.parent / "fold_1" / "last.pt").exists()


def test_seeds_have_folders_and_a_spread(brats, request_of):
    request = request_of({"synthetic": None}, dataset=brats(4), seeds=(1, 2))
    train_plan(request)
    work = request.work
    assert (work / "seed_1" / "fold_0" / "last.pt").exists()
    assert (work / "seed_2" / "predictions").is_dir()
    table = rows(work / "summary.csv")
    assert [row["seed"] for row in table if row["region"] == "WT"] == ["1", "2", "over seeds"]
    first, second = (json.loads((work / "manifest.json").read_text())["trainings"][n]["seed"] for n in (0, 1))
    assert (first, second) == (1, 2)


def test_held_out_cases_are_seen_by_no_fold_and_judged_by_all(brats, request_of):
    request = request_of({"synthetic": None}, dataset=brats(6), folds=None, held_out_share=0.34)
    train_plan(request)
    folds = json.loads((request.work / "folds.json").read_text())
    assert len(folds["held_out"]) == 2
    held = {row["case"] for row in rows(request.work / "scores.csv") if row["part"] == "held out"}
    assert held == set(folds["held_out"])
    assert {path.name.removesuffix(".nii.gz") for path in (request.work / "held_out").iterdir()} == held
    manifest = json.loads((request.work / "manifest.json").read_text())
    assert all(one["training_cases"] + one["validation_cases"] == 4 for one in manifest["trainings"])


def test_training_on_every_case_holds_none_out(brats, request_of, tmp_path):
    request = request_of({"synthetic": None}, dataset=brats(2), folds=(), out=tmp_path / "bundle")
    trained = train_plan(request)
    assert trained.summary == []
    assert (request.work / "fold_none" / "last.pt").exists()
    assert not (request.work / "fold_none" / "best.pt").exists()
    assert len(trained.bundle.networks) == 1


def test_a_cascade_in_three_views_from_data_to_bundle(brats, request_of, tiny, tmp_path):
    views = ["axial", "coronal", "sagittal"]
    arguments = tiny["network"]["arguments"] | {"outputs": 1}
    stages = [
        {"region": "WT", "views": views},
        {"region": "TC", "within": "WT", "views": views},
        {"region": "ET", "within": "TC", "views": views[:1]},
    ]
    changes = {"synthetic": None, "stages": stages, "network": {**tiny["network"], "arguments": arguments}}
    request = request_of(changes, dataset=brats(2), out=tmp_path / "bundle")
    trained = train_plan(request)
    parts = sorted(path.name for path in (request.work / "fold_0").iterdir())
    assert parts == ["ET_axial", *(f"{region}_{view}" for region in ("TC", "WT") for view in views)]
    assert sorted(trained.bundle.networks[0]) == parts
    assert verify_bundle(trained.bundle) < 0.02


def test_a_recipe_makes_its_own_cases(request_of, tiny):
    request = request_of({"synthetic": {**tiny["synthetic"], "cases": 2}})
    train_plan(request)
    assert sorted(path.name for path in (request.work / "prepared").glob("0*")) == ["00000", "00001"]
    assert len(rows(request.work / "scores.csv")) == 3
    assert "synthetic" in json.loads((request.work / "manifest.json").read_text())["data"]["kind"]


def test_a_coarse_training_guides_a_fine_one(brats, request_of, tiny, tmp_path):
    """Labels that the coarse folds gave to cases they had not seen are the fine network's last three inputs."""
    data = brats(2)
    coarse = request_of({"name": "coarse", "synthetic": None, "spacing_mm": 8.0}, dataset=data, folds=None)
    coarse = replace(coarse, work=tmp_path / "coarse", out=tmp_path / "coarse_bundle")
    train_plan(coarse)
    arguments = {**tiny["network"]["arguments"], "inputs": 7}
    guided = {"previous": "coarse", "synthetic": None, "network": {**tiny["network"], "arguments": arguments}}
    fine = request_of(guided, dataset=data, out=tmp_path / "bundle")
    with pytest.raises(InputError, match="plan None; expected plan coarse"):
        train_plan(fine)
    with pytest.raises(InputError, match="previous-bundle"):
        train_plan(replace(fine, previous=coarse.work))
    trained = train_plan(replace(fine, previous=coarse.work, previous_bundle=tmp_path / "coarse_bundle"))
    case = PreparedCase(next(fine.cases.glob("BraTS*")))
    assert case.images.shape[0] == 7
    assert case.facts["channels"][4:] == ["coarse NCR", "coarse ED", "coarse ET"]
    predicted = read_voxels(coarse.work / "predictions" / f"{case.name}.nii.gz")[0]
    for channel, value in zip(case.images[4:], (1, 2, 3), strict=True):
        inside = resample(predicted.with_array(predicted.array == value), case.grid, order=0).array
        assert np.array_equal(channel, inside)
    assert trained.bundle.previous.name == "coarse"
    assert verify_bundle(trained.bundle) < 0.02


def test_brain_extraction_learns_from_any_one_sequence_of_whole_heads(request_of, tiny, tmp_path):
    arguments = {**tiny["network"]["arguments"], "inputs": 1, "outputs": 1}
    heads = {
        "scheme": "brain", "channels": [], "spacing_mm": 6.0, "normalisation": "percentile99",
        "network": {**tiny["network"], "arguments": arguments},
        "synthetic": {"cases": 2, "seed": 1, "skull": True, "mni_share": 1.0},
    }  # fmt: skip
    trained = train_plan(request_of(heads, out=tmp_path / "bundle"))
    assert [row["region"] for row in trained.summary] == ["BRAIN"]
    assert np.load(tmp_path / "bundle" / "golden" / "input.npy").shape[0] == 1
    assert verify_bundle(trained.bundle) < 0.02


def test_the_plan_proposed_for_deepmedic_trains_and_predicts_in_larger_pieces(brats, tmp_path):
    data = brats(2)
    wishes = Wishes(epochs=1, steps_per_epoch=1, precision="fp32")
    content = propose_plan(fingerprint(read_dataset(data)), "deepmedic", 8 * 10**9, wishes).model_dump(mode="json")
    assert content["training"]["patch"] == [57, 57, 57]
    assert content["inference"]["tile"] == [96, 96, 96]
    content["network"]["arguments"]["size"] = 0.25
    content["training"]["batch"] = 2
    save_plan(Plan.model_validate(content), tmp_path / "deepmedic.yaml")
    work, out = tmp_path / "work", tmp_path / "bundle"
    trained = train_plan(Request(tmp_path / "deepmedic.yaml", work, data, out, fold_count=2, machine=MACHINE))
    assert [row["region"] for row in trained.summary] == ["WT", "TC", "ET"]
    assert verify_bundle(trained.bundle) < 0.02
    (log,) = rows(work / "fold_0" / "log.csv")
    assert 0 < float(log["loss"]) < 2


def test_seeds_below_zero_are_refused(request_of):
    with pytest.raises(InputError, match="-1"):
        request_of(seeds=(0, -1))


def test_a_card_beside_the_plan_becomes_the_bundles(brats, request_of, tmp_path):
    request = request_of({"synthetic": None}, dataset=brats(2), folds=(), out=tmp_path / "bundle")
    (tmp_path / "tiny.card.md").write_text("# Tiny\n\nMade for a test.\n")
    assert train_plan(request).bundle.card_line == "Made for a test."


def test_a_plan_that_changed_is_told_field_by_field(brats, request_of):
    data = brats(2)
    train_plan(request_of({"synthetic": None}, dataset=data))
    other = request_of(
        {"synthetic": None, "inference": {"mirror": [1], "tile": [32, 32, 32], "overlap": 0.25}}, dataset=data
    )
    with pytest.raises(InputError, match=r"inference\.mirror \[0\].*inference\.mirror \[1\]"):
        train_plan(other)


def test_prepared_cases_serve_another_training(brats, request_of, tmp_path):
    data = brats(2)
    first = request_of({"synthetic": None}, dataset=data)
    train_plan(first)
    stamp = {path: path.stat().st_ctime_ns for path in first.cases.glob("BraTS*")}
    second = Request(first.plan, tmp_path / "other", data, prepared=first.cases, fold_count=2, machine=MACHINE)
    train_plan(second)
    assert {path: path.stat().st_ctime_ns for path in first.cases.glob("BraTS*")} == stamp
    assert (tmp_path / "other" / "fold_0" / "last.pt").exists()


def test_data_that_changed_under_a_running_plan_are_told(brats, request_of):
    data = brats(4)
    train_plan(request_of({"synthetic": None}, dataset=data))
    path = next(data.glob("*00003-000/*seg.nii.gz"))
    path.write_bytes(path.read_bytes() + b"\0" * 16)
    with pytest.raises(InputError, match="files whose sizes or places changed"):
        train_plan(request_of({"synthetic": None}, dataset=data, resume=True))


def test_data_that_a_plan_was_not_made_for_are_refused(brats, request_of):
    with pytest.raises(InputError, match="other files than the plan was made for"):
        train_plan(request_of({"synthetic": None, "data": "0" * 64}, dataset=brats(2)))


def test_bad_cases_are_left_out_when_told(brats, request_of):
    data = brats(5)
    path = next(data.glob("*00001-000/*t1c.nii.gz"))
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(InputError, match="1 of 5 cases"):
        train_plan(request_of({"synthetic": None}, dataset=data))
    trained = train_plan(request_of({"synthetic": None}, dataset=data, skip_bad=True))
    assert [name[-9:] for name in trained.skipped] == ["00001-000"]


def test_no_data_and_no_recipe(request_of):
    with pytest.raises(InputError, match="no synthetic part"):
        train_plan(request_of({"synthetic": None}))


def test_what_is_not_installed_is_told(request_of, monkeypatch):
    monkeypatch.setattr("oncontour.training.machine.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'oncontour\[train\]'"):
        train_plan(request_of())


def test_first_difference_forgets_sentences_of_why():
    assert first_difference({"why": {"a": "x"}, "b": 1}, {"why": {"a": "y"}, "b": 1}) is None
    assert first_difference({"b": [1]}, {"b": [1], "c": None}) is None
    assert np.isfinite(first_difference({"b": 1.0}, {"b": 2.0})[1])


@pytest.mark.slow
def test_processes_that_torchrun_started_share_one_training(brats, request_of, tmp_path):
    """The first prepares and judges; both train; the loss is that of one process."""
    data = brats(4)
    request = request_of({"synthetic": None}, dataset=data)
    train_plan(request)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    options = ["--plan", request.plan, "--work", tmp_path / "two", "--folds", 2, "--device", "cpu", "--devices", 2]
    command = [*launcher, "-m", "oncontour", "train", data, *options, "--workers", 0, "--out", tmp_path / "bundle"]
    subprocess.run(list(map(str, command)), check=True, timeout=900)
    one, two = (float(rows(folder / "fold_0" / "log.csv")[-1]["loss"]) for folder in (request.work, tmp_path / "two"))
    assert two == pytest.approx(one, abs=2e-5)
    assert len(rows(tmp_path / "two" / "scores.csv")) == 6
    assert len(load_bundle(tmp_path / "bundle").networks) == 1
