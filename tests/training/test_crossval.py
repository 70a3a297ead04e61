import numpy as np
import pytest
import torch

from oncontour.core.grid import Grid
from oncontour.core.labels import SCHEMES
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_dataset
from oncontour.data.nifti import read_voxels
from oncontour.plans.plan import Plan
from oncontour.training.crossval import (
    Score,
    dataset_truth,
    evaluate,
    load_fold,
    native_result,
    predict_targets,
    prepared_truth,
    summarise,
)
from oncontour.training.job import jobs_of_fold
from oncontour.training.prepare import prepare_dataset
from oncontour.training.prepared import PreparedCase, targets, write_prepared
from oncontour.training.state import first_state, make_network, save_best, save_state


def test_a_perfect_prediction_comes_back_to_the_cases_own_geometry(brats, tiny_plan, tmp_path, monkeypatch):
    """The data set is LPS at 4 mm, the network's grid RAS and cropped: flipped back, nothing is lost."""
    data = read_dataset(brats(1))
    (case,) = prepare_dataset(data, tiny_plan, tmp_path / "out").cases
    monkeypatch.setattr(
        "oncontour.training.crossval.predict_targets", lambda folds, case, plan: np.asarray(case.regions, np.float32)
    )
    labels = ("out of fold", 3, 0)
    scores = evaluate([], [case], tiny_plan, dataset_truth(data, tiny_plan), tmp_path / "predictions", labels)
    assert scores == [Score(*labels, case.name, region, 1.0) for region in ("WT", "TC", "ET")]
    written = read_voxels(tmp_path / "predictions" / f"{case.name}.nii.gz")[0]
    original = read_voxels(data.cases[0].mask.path)[0]
    assert written.grid.same_as(original.grid)
    assert np.array_equal(written.array, original.array)


def test_outside_the_brain_nothing_is_predicted(prepared, tiny_plan):
    class Everything(torch.nn.Module):
        stride, margin = (1, 1, 1), (0, 0, 0)

        def forward(self, x):
            return torch.full((len(x), 3, *x.shape[2:]), 9.0)

    found = predict_targets([{"": Everything()}], prepared[0], tiny_plan)
    assert found.shape == (3, *prepared[0].shape)
    assert not found[:, 0].any()
    assert (found[:, 1:-1] > 0.99).all()


def test_folds_are_averaged(prepared, tiny_plan):
    class Constant(torch.nn.Module):
        stride, margin = (1, 1, 1), (0, 0, 0)

        def __init__(self, value):
            super().__init__()
            self.value = value

        def forward(self, x):
            return torch.full((len(x), 3, *x.shape[2:]), self.value)

    found = predict_targets([{"": Constant(9.0)}, {"": Constant(-9.0)}], prepared[0], tiny_plan)
    assert found[:, 5].max() == pytest.approx(0.5)


@pytest.mark.parametrize("scheme", ["paediatric", "postoperative"])
def test_softmax_tells_labels_apart_that_no_region_does(tiny, tmp_path, scheme):
    tiny |= {"scheme": scheme}
    tiny["training"]["loss"] = {"output": "softmax"}
    plan = Plan.model_validate(tiny)
    labels = np.random.default_rng(0).integers(0, 5, (6, 7, 8)).astype(np.uint8)
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    facts = {"patient": "a", "channels": [], "digest": ""}
    brain = np.ones(labels.shape, bool)
    images = np.zeros((4, *labels.shape), np.float32)
    case = write_prepared(
        tmp_path / "a", images, [Volume(labels, affine)], Grid(labels.shape, affine), brain, plan, facts
    )
    assert list(targets(plan)) == [label.name for label in SCHEMES[scheme].labels]
    written, masks = native_result(np.asarray(case.regions, np.float32), case, plan)
    assert np.array_equal(written.array, labels)
    names = [region.name for region in (*SCHEMES[scheme].regions, *SCHEMES[scheme].composites)]
    assert list(masks) == list(prepared_truth(plan)(case)) == names
    for name, mask in prepared_truth(plan)(case).items():
        assert np.array_equal(mask, masks[name]), name


def test_regions_that_overlap_stay_apart(tiny, tmp_path):
    tiny |= {"scheme": "sequence-masks", "channels": ["FLAIR", "T1CE", "ADC"]}
    plan = Plan.model_validate(tiny)
    labels = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    facts = {"patient": "a", "channels": [], "digest": ""}
    images, brain = np.zeros((3, 2, 2, 2), np.float32), np.ones((2, 2, 2), bool)
    case = write_prepared(
        tmp_path / "a", images, [Volume(labels, affine)], Grid(labels.shape, affine), brain, plan, facts
    )
    written, masks = native_result(np.asarray(case.regions, np.float32), case, plan)
    assert written.array.shape == (3, 2, 2, 2)
    assert {name: int(mask.sum()) for name, mask in masks.items()} == {"FLAIR": 4, "ADC": 4, "ET": 4}
    for name, mask in prepared_truth(plan)(case).items():
        assert np.array_equal(mask, masks[name])


def test_a_fold_is_loaded_from_its_best_or_last_weights(tiny_plan, tmp_path):
    (job,) = jobs_of_fold(tiny_plan, tmp_path / "fold_0", 0, (), (), "fold 0")
    state = first_state(make_network(job.network), tiny_plan.training)
    job.folder.mkdir()
    save_best(state, job.folder / "best.pt")
    with torch.no_grad():
        for parameter in state.average.parameters():
            parameter.add_(1)
    save_state(state, job.folder / "last.pt")
    best, last = (load_fold([job], which, torch.device("cpu"))[""] for which in ("best", "last"))
    name, value = next(iter(best.named_parameters()))
    assert torch.allclose(value + 1, last.get_parameter(name))
    (job.folder / "best.pt").unlink()
    again = load_fold([job], "best", torch.device("cpu"))[""]
    assert torch.equal(again.get_parameter(name), last.get_parameter(name))


def test_a_cascade_is_predicted_stage_by_stage(tiny, prepared, tmp_path):
    tiny["network"]["arguments"]["outputs"] = 1
    views = ["axial", "coronal", "sagittal"]
    tiny["stages"] = [
        {"region": "WT", "views": views},
        {"region": "TC", "within": "WT", "views": views},
        {"region": "ET", "within": "TC"},
    ]
    plan = Plan.model_validate(tiny)
    jobs = jobs_of_fold(plan, tmp_path / "fold_0", 0, (), (), "fold 0")
    for job in jobs:
        job.folder.mkdir(parents=True)
        save_best(first_state(make_network(job.network), plan.training), job.folder / "best.pt")
    fold = load_fold(jobs, "best", torch.device("cpu"))
    assert len(fold) == 7
    found = predict_targets([fold], prepared[0], plan)
    assert found.shape == (3, *prepared[0].shape)
    assert 0 < found[0].max() < 1


def test_the_summary_tells_the_spread_over_seeds():
    scores = [Score("out of fold", seed, 0, case, "WT", dice) for seed, case, dice in
              ((0, "a", 0.8), (0, "b", 0.6), (1, "a", 1.0), (1, "b", 0.8))]  # fmt: skip
    first, second, spread = summarise(scores)
    assert first == {
        "part": "out of fold",
        "seed": "0",
        "region": "WT",
        "n": 2,
        "mean": 0.7,
        "sd": 0.1414,
        "median": 0.7,
    }
    assert second["mean"] == 0.9
    assert (spread["seed"], spread["n"], spread["mean"], spread["sd"]) == ("over seeds", 2, 0.8, 0.1414)


def test_one_case_has_no_spread():
    (row,) = summarise([Score("held out", 0, None, "a", "WT", 0.5)])
    assert row["sd"] == ""


def test_a_damaged_prepared_case_is_named(prepared):
    (prepared[0].folder / "images.npy").write_bytes(b"not an array")
    with pytest.raises(Exception, match=r"images\.npy.*Remove this case's folder"):
        PreparedCase(prepared[0].folder).images  # noqa: B018
