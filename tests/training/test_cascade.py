import numpy as np
import pytest
import torch

from oncontour.core.errors import InputError
from oncontour.inference.cascade import from_view
from oncontour.plans.plan import Plan, StagePlan
from oncontour.training.cascade import SeenCase, seen_cases
from oncontour.training.job import JobDraw, jobs_of_fold
from oncontour.training.validate import validate_case


@pytest.fixture
def stages(tiny):
    """A plan of two stages, the second in two views."""
    arguments = tiny["network"]["arguments"] | {"outputs": 1}
    tiny["network"]["arguments"] = arguments
    tiny["stages"] = [
        {"region": "WT"},
        {"region": "TC", "within": "WT", "margin": 2, "views": ["coronal", "sagittal"]},
        {"region": "ET", "within": "TC", "network": {"name": "residual_unet", "arguments": {**arguments, "fine": 8}}},
    ]
    tiny["training"]["sampling"] = {"foreground": 1.0, "regions": {"WT": 1.0, "ET": 2.0}}
    return Plan.model_validate(tiny)


def test_each_stage_and_view_is_a_job_with_its_own_folder(stages, tmp_path):
    jobs = jobs_of_fold(stages, tmp_path / "fold_1", 1, (), (), "fold 1")
    assert [job.folder.name for job in jobs] == ["WT", "TC_coronal", "TC_sagittal", "ET"]
    assert [job.name for job in jobs] == ["fold 1, WT", "fold 1, TC coronal", "fold 1, TC sagittal", "fold 1, ET"]
    assert [job.network.arguments["fine"] for job in jobs] == [4, 4, 4, 8]
    assert [list(job.regions) for job in jobs] == [["WT"], ["TC"], ["TC"], ["ET"]]


@pytest.mark.parametrize("view", [None, "axial", "coronal", "sagittal"])
def test_a_stage_sees_the_true_outer_region_and_its_margin_with_slices_last(prepared, view):
    whole = prepared[0]
    seen = SeenCase(whole, StagePlan(region="TC", within="WT", margin=2), view)
    low = np.argwhere(whole.regions[0]).min(0) - 2
    assert [side.start for side in seen.box] == low.tolist()
    back = from_view(np.asarray(seen.regions), view)
    assert back.shape[1:] == (12, 12, 12)
    assert back.sum() == whole.regions[1].sum()
    assert np.array_equal(from_view(np.asarray(seen.images), view), whole.images[(slice(None), *seen.box)])
    i, j, k = seen.places["TC"].T
    assert len(i) == whole.facts["voxels"]["TC"]
    assert seen.regions[0, i, j, k].all()
    i, j, k = seen.places["brain"].T
    assert len(i) > 100
    assert (seen.images[0, i, j, k] != 0).all()


def test_the_margin_ends_with_the_case(prepared):
    seen = SeenCase(prepared[0], StagePlan(region="TC", within="WT", margin=100), None)
    assert seen.images.shape == prepared[0].images.shape


def test_cases_without_the_outer_region_are_left_out(prepared, make_prepared, tiny_plan, tmp_path):
    healthy = make_prepared(tmp_path / "prepared" / "healthy", tiny_plan, labels=False)
    folders = tuple(case.folder for case in (*prepared, healthy))
    inner = StagePlan(region="TC", within="WT")
    assert [case.name for case in seen_cases(folders, inner, None)] == [case.name for case in prepared]
    assert len(seen_cases(folders, StagePlan(region="WT"), None)) == 5


def test_a_stage_has_a_patch_and_a_tile_of_its_own(stages, prepared, tmp_path):
    content = stages.model_dump(mode="json")
    content["stages"][2] |= {"patch": [8, 8, 12], "tile": [24, 24, 8]}
    folders = tuple(case.folder for case in prepared)
    jobs = jobs_of_fold(Plan.model_validate(content), tmp_path, 0, folders, folders, "fold 0")
    assert [JobDraw(job, (0, 0, 0))(0, 0).image.shape[1:] for job in jobs] == [(16, 16, 16)] * 3 + [(8, 8, 12)]
    assert [job.plan.inference.tile for job in jobs] == [(32, 32, 32)] * 3 + [(24, 24, 8)]


def test_a_stage_with_nothing_to_see_is_refused(stages, make_prepared, tiny_plan, tmp_path):
    healthy = make_prepared(tmp_path / "prepared" / "healthy", tiny_plan, labels=False)
    job = jobs_of_fold(stages, tmp_path / "fold_0", 0, (healthy.folder,), (), "fold 0")[1]
    with pytest.raises(InputError, match="no case with a WT"):
        JobDraw(job, (0, 0, 0))(0, 0)


def test_samples_hold_the_stages_region_alone(stages, prepared, tmp_path):
    folders = tuple(case.folder for case in prepared)
    for job in jobs_of_fold(stages, tmp_path / "fold_0", 0, folders, folders, "fold 0"):
        sample = JobDraw(job, (0, 0, 0))(3, 1)
        assert sample.image.shape == (4, 16, 16, 16)
        assert sample.regions.shape == (1, 16, 16, 16)
        assert sample.regions.any()


def test_a_stage_is_validated_on_its_own_region(stages, prepared, tmp_path):
    class Oracle(torch.nn.Module):
        """Bright voxels, which the fixture's labels are."""

        stride, margin = (1, 1, 1), (0, 0, 0)

        def forward(self, x):
            return 50 * (x.mean(1, keepdim=True) - 0.5)

    job = jobs_of_fold(stages, tmp_path, 0, (), (prepared[0].folder,), "fold 0")[1]
    (case,) = job.validation_cases()
    result = validate_case(Oracle(), case, job)
    assert list(result.dice) == ["TC"]
    whole = np.mean(np.asarray(prepared[0].images, np.float32), 0) > 0.5
    found, truth = whole[case.box], np.asarray(prepared[0].regions[1], bool)[case.box]
    expected = 2 * (found & truth).sum() / (found.sum() + truth.sum())
    assert result.dice["TC"] == pytest.approx(expected)


def test_a_cascade_with_softmax_prepares_regions_too(stages, tmp_path, make_prepared):
    content = stages.model_dump(mode="json")
    content["training"]["loss"]["output"] = "softmax"
    case = make_prepared(tmp_path / "case", Plan.model_validate(content))
    assert case.facts["regions"] == ["WT", "TC", "ET"]
