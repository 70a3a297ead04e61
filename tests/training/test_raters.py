"""A decoder for each expert on one encoder: what each would draw, and their consensus (paper 004, S4.21)."""

import csv

import numpy as np
import pytest
import torch

from oncontour.core.errors import GeometryError, InputError
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_dataset
from oncontour.data.nifti import read_voxels, write_nifti
from oncontour.inference.bundle import load_bundle, verify_bundle
from oncontour.training.prepare import prepare_case
from oncontour.training.prepared import PreparedCase
from oncontour.training.run import train_plan

RATERS = ["anna", "bert"]
NETWORK = {
    "name": "residual_unet", "arguments": {"inputs": 4, "outputs": 3, "features": [4, 8], "fine": 4}, "decoders": 2
}  # fmt: skip
SHARED = {"synthetic": None, "raters": RATERS, "network": NETWORK}
SEQUENCES = {"t1": "t1n", "t1ce": "t1c", "t2": "t2w", "flair": "t2f"}


@pytest.fixture
def table(brats, tmp_path):
    """Four cases in a table; bert draws one voxel less on every side than anna."""
    root = brats(4)
    rows = []
    for folder in sorted(root.iterdir()):
        name = folder.name
        mask = folder / f"{name}-seg.nii.gz"
        labels, _ = read_voxels(mask)
        inner = np.asarray(labels.array, np.uint8)
        for axis in range(3):
            for step in (1, -1):
                inner = inner * (np.roll(inner, step, axis) > 0)
        write_nifti(Volume(inner, labels.affine), folder / "bert.nii.gz", "uint8")
        files = {column: f"{name}/{name}-{suffix}.nii.gz" for column, suffix in SEQUENCES.items()}
        rows.append({"case": name, **files, "mask_anna": f"{name}/{mask.name}", "mask_bert": f"{name}/bert.nii.gz"})
    with (root / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root / "cases.csv"


def test_a_table_names_its_raters(table):
    dataset = read_dataset(table, "brats")
    case = dataset.cases[0]
    assert list(case.raters) == RATERS
    assert case.mask == case.raters["anna"]
    assert [what for what, _ in case.files][-3:] == ["mask", "mask of anna", "mask of bert"]
    assert not case.columns


def test_each_rater_and_their_consensus_are_predicted_and_scored(table, request_of, tmp_path):
    request = request_of(SHARED, dataset=table, folds=None, out=tmp_path / "bundle", weights="last")
    trained = train_plan(request)
    case = PreparedCase(request.work / "prepared" / "BraTS-GLI-00000-000")
    assert case.facts["regions"] == [f"{region} {rater}" for rater in RATERS for region in ("WT", "TC", "ET")]
    assert all((case.regions[n] >= case.regions[n + 3]).all() and case.regions[n + 3].any() for n in range(3))
    scored = {row["region"] for row in csv.DictReader((request.work / "scores.csv").open())}
    assert scored == {"WT", "TC", "ET", *case.facts["regions"]}
    for folder in ("predictions", "predictions/anna", "predictions/bert"):
        assert len(list((request.work / folder).glob("*.nii.gz"))) == 4
    assert verify_bundle(trained.bundle) < 0.02
    bundle = load_bundle(tmp_path / "bundle")
    image = np.asarray(case.images, np.float32)[:, :24, :24, :24]
    with torch.no_grad():
        logits = [parts[""](torch.from_numpy(image)[None]) for parts in bundle.networks]
    each = torch.sigmoid(torch.cat(logits)).unflatten(1, (2, 3))
    assert np.allclose(bundle.probabilities(image, mirrored=False), each.mean((0, 1)).numpy(), atol=0.02)
    assert not np.allclose(each[0, 0].numpy(), each[0, 1].numpy(), atol=0.02)


def test_from_a_model_of_one_truth(table, brats, request_of, tmp_path):
    """Both decoders begin as the other model's one."""
    train_plan(request_of({"synthetic": None}, dataset=brats(4, tmp_path / "one"), out=tmp_path / "single"))
    training = {"optimiser": {"name": "sgd", "learning_rate": 1e-12}, "average_decay": None}
    plan = {**SHARED, "training": training}
    request = request_of(plan, dataset=table, work=tmp_path / "w", start=tmp_path / "single")
    train_plan(request)
    rows = {row["tensor"]: row for row in csv.DictReader((request.work / "fold_0" / "loaded.csv").open())}
    assert {row["kind"] for row in rows.values()} == {"kept"}
    assert {name.split(".")[1] for name in rows} == {"0", "1"}


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({**SHARED, "network": {**NETWORK, "decoders": 1}}, "2 of them and network.decoders 1"),
        ({"synthetic": None, "network": NETWORK}, "0 of them and network.decoders 2"),
        ({**SHARED, "training": {"loss": {"output": "softmax"}}}, "anna, bert beside a softmax"),
        ({**SHARED, "synthetic": {"cases": 1, "seed": 1, "skull": False, "mni_share": 1.0}}, "beside synthetic cases"),
    ],
)
def test_raters_that_cannot_be_learnt_apart(table, request_of, plan, message):
    with pytest.raises(InputError, match=message):
        train_plan(request_of(plan, dataset=table))


def test_masks_that_cannot_be_used(table, request_of, tiny_plan, tmp_path):
    plan = tiny_plan.model_copy(update={"raters": ("anna", "carla")})
    dataset = read_dataset(table, "brats")
    with pytest.raises(InputError, match=r"no mask of carla \(there are: anna, bert\)"):
        prepare_case(dataset.cases[0], dataset, plan, tmp_path / "prepared")
    path = dataset.cases[0].raters["bert"].path
    labels, _ = read_voxels(path)
    write_nifti(Volume(np.asarray(labels.array[1:], np.uint8), labels.affine), path, "uint8")
    plan = tiny_plan.model_copy(update={"raters": ("anna", "bert")})
    with pytest.raises(GeometryError, match="raters' masks on several grids"):
        prepare_case(dataset.cases[0], dataset, plan, tmp_path / "prepared")
