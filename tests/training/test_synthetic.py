import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.data.folds import split_folds
from oncontour.plans.plan import Plan
from oncontour.training.prepared import PreparedCase
from oncontour.training.synthetic import as_dataset, make_training_case, make_training_set


def _case(plan, folder, number=0, **changes):
    plan = plan.model_copy(update={"synthetic": plan.synthetic.model_copy(update=changes)})
    return make_training_case(plan, folder, None, number)


@pytest.mark.parametrize("loose_mask", [0.0, 1.0])
def test_a_case_is_normalised_over_its_mask_and_cropped_to_it(tiny_plan, tmp_path, loose_mask):
    case = _case(tiny_plan, tmp_path, loose_mask=loose_mask)
    images, regions = np.asarray(case.images, np.float32), np.asarray(case.regions, bool)
    assert images.shape[1:] == regions.shape[1:]
    inside = (images != 0).any(0)
    for image in images:
        assert abs(image[inside].mean()) < 0.05
        assert abs(image[inside].std() - 1) < 0.05
    assert regions.any((1, 2, 3)).tolist()[0]
    assert not regions[:, ~inside].any()
    assert (regions[0] >= regions[1]).all()
    assert [inside.any(tuple({0, 1, 2} - {axis}))[[0, -1]].all() for axis in range(3)] == [True] * 3


def test_healthy_cases_hold_no_tumour(tiny_plan, tmp_path):
    case = _case(tiny_plan, tmp_path, healthy=1.0)
    assert not case.regions.any()
    assert case.places["WT"].shape == (0, 3)
    assert len(case.places["brain"])


def test_the_same_number_gives_the_same_case(tiny_plan, tmp_path):
    first, second = (_case(tiny_plan, tmp_path / name, loose_mask=1.0) for name in "ab")
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.regions, second.regions)


def test_an_ingredient_is_left_out_by_name(tiny, tiny_plan, tmp_path):
    tiny["synthetic"]["without"] = ["folia"]
    first, second = (make_training_case(plan, tmp_path / name, None, 0) for plan, name in
                     ((tiny_plan, "a"), (Plan.model_validate(tiny), "b")))  # fmt: skip
    assert np.array_equal(first.regions, second.regions)
    assert not np.array_equal(first.images, second.images)
    tiny["synthetic"]["without"] = ["follia"]
    with pytest.raises(ValueError, match="folia"):
        Plan.model_validate(tiny)


def test_heads_keep_their_skull_and_every_sequence(tiny, tmp_path):
    plan = Plan.model_validate(
        {**tiny, "scheme": "brain", "channels": [], "normalisation": "percentile99", "spacing_mm": 6.0,
         "synthetic": {"cases": 1, "seed": 1, "skull": True, "mni_share": 1.0}}
    )  # fmt: skip
    case = make_training_case(plan, tmp_path, None, 0)
    assert len(case.images) == len(case.facts["channels"]) == 4
    outside = np.asarray(case.images[0], np.float32)[case.regions[0] == 0]
    assert (outside > 0.2).sum() > 100
    assert 0 <= float(case.images.min()) <= float(case.images.max()) <= 2


def test_a_set_is_kept_and_split_like_a_data_set(tiny_plan, tmp_path):
    plan = tiny_plan.model_copy(update={"synthetic": tiny_plan.synthetic.model_copy(update={"cases": 3})})
    counts = []
    made = make_training_set(plan, tmp_path, progress=lambda done, total: counts.append((done, total)))
    assert counts == [(1, 3), (2, 3), (3, 3)]
    first = PreparedCase(tmp_path / "00000").folder.stat().st_ctime_ns
    again = make_training_set(plan, tmp_path)
    assert [case.name for case in again.cases] == ["00000", "00001", "00002"]
    assert (tmp_path / "00000").stat().st_ctime_ns == first
    folds = split_folds(as_dataset(plan, made.cases, tmp_path), 3)
    assert sorted(folds.training(0) + folds.validation(0)) == ["00000", "00001", "00002"]


def test_a_folder_of_other_cases_is_refused(tiny_plan, tmp_path):
    make_training_set(tiny_plan, tmp_path)
    other = tiny_plan.model_copy(update={"spacing_mm": 5.0})
    with pytest.raises(InputError, match=r"spacing_mm 4\.0.*spacing_mm 5\.0"):
        make_training_set(other, tmp_path)


def test_kinds_are_drawn_by_their_shares_and_labelled_as_one_scheme(tiny_plan, tmp_path):
    one = {"channels": ("T2",), "scheme": "whole"}
    plan = tiny_plan.model_copy(update=one)
    adult, child, both = (
        _case(plan, tmp_path / str(n), kinds=kinds)
        for n, kinds in enumerate([{"adult": 1.0}, {"paediatric": 2.0}, {"adult": 1e-9, "paediatric": 1.0}])
    )
    assert [list(case.facts["regions"]) for case in (adult, child)] == [["WT"], ["WT"]]
    assert adult.regions.any()
    assert child.regions.any()
    assert adult.images.shape != child.images.shape
    assert np.array_equal(child.images, both.images)


def test_whole_tumours_are_of_adults_where_nothing_is_said(tiny_plan, tmp_path):
    plan = tiny_plan.model_copy(update={"channels": ("T2",), "scheme": "whole"})
    said, unsaid = (_case(plan, tmp_path / str(len(kinds)), kinds=kinds) for kinds in ({}, {"adult": 1.0}))
    assert np.array_equal(said.images, unsaid.images)
    assert np.array_equal(said.regions, unsaid.regions)


def test_unknown_kinds_are_refused(tiny_plan, tmp_path):
    with pytest.raises(InputError, match=r"'feline'.*adult, paediatric"):
        _case(tiny_plan, tmp_path, kinds={"feline": 1.0})


def test_schemes_that_no_phantom_has_are_refused(tiny_plan, tmp_path):
    with pytest.raises(InputError, match="sequence-masks"):
        make_training_set(tiny_plan.model_copy(update={"scheme": "other"}), tmp_path)
