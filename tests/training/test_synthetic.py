import numpy as np
import pytest

from oncontour.training.synthetic import make_training_case


def _case(plan, folder, number=0, **changes):
    folder.mkdir(exist_ok=True)
    plan = plan.model_copy(update={"synthetic": plan.synthetic.model_copy(update=changes)})
    with np.load(make_training_case(plan, folder, None, number)) as case:
        return case["images"].astype(np.float32), case["target"]


@pytest.mark.parametrize("loose_mask", [0.0, 1.0])
def test_a_case_is_normalised_over_its_mask_and_cropped_to_it(tiny_plan, tmp_path, loose_mask):
    images, target = _case(tiny_plan, tmp_path, loose_mask=loose_mask)
    assert images.shape == (4, *target.shape)
    inside = (images != 0).any(0)
    for image in images:
        assert abs(image[inside].mean()) < 0.05
        assert abs(image[inside].std() - 1) < 0.05
    assert target.any()
    assert not target[~inside].any()
    assert [inside.any(tuple({0, 1, 2} - {axis}))[[0, -1]].all() for axis in range(3)] == [True] * 3


def test_healthy_cases_hold_no_tumour(tiny_plan, tmp_path):
    _, target = _case(tiny_plan, tmp_path, healthy=1.0)
    assert not target.any()


def test_the_same_number_gives_the_same_case(tiny_plan, tmp_path):
    first, second = (_case(tiny_plan, tmp_path / name, loose_mask=1.0) for name in "ab")
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
