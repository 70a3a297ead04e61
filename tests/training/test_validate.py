import numpy as np
import pytest
import torch

from oncontour.plans.plan import Plan
from oncontour.plans.training import LossPlan
from oncontour.training.job import Job
from oncontour.training.losses import segmentation_loss
from oncontour.training.validate import mean_scores, region_masks, thresholds, validate_case


class Reads(torch.nn.Module):
    """Gives the image's first channels as logits."""

    stride, margin = (1, 1, 1), (0, 0, 0)

    def __init__(self, outputs):
        super().__init__()
        self.outputs = outputs

    def forward(self, x):
        return 8 * x[:, : self.outputs]


class Shown:
    """A case whose images are what `Reads` is to answer."""

    name = "shown"

    def __init__(self, regions, images):
        self.regions, self.images, self.places = regions.astype(np.uint8), images.astype(np.float16), {}


def nested():
    regions = np.zeros((3, 8, 8, 8), bool)
    regions[0, 1:7], regions[1, 2:6], regions[2, 3:5] = True, True, True
    return regions


@pytest.mark.parametrize("average", ["probabilities", "logits"])
def test_dice_and_loss_of_a_whole_case(tiny_plan, tmp_path, average):
    inference = tiny_plan.inference.model_copy(update={"average": average, "tile": (5, 8, 8)})
    job = Job("fold 0", tiny_plan.model_copy(update={"inference": inference}), tmp_path, 0, ())
    truth = nested()
    found = truth.copy()
    found[2] = False
    found[1, 2] = False
    case = Shown(truth, np.where(found, 1.0, -1.0))
    result = validate_case(Reads(3), case, job)
    assert result.dice == {"WT": 1.0, "TC": pytest.approx(2 * 3 / (3 + 4)), "ET": 0.0}
    expected = segmentation_loss(
        torch.where(torch.tensor(found), 8.0, -8.0)[None], torch.tensor(truth)[None], LossPlan()
    )
    assert result.loss == pytest.approx(expected.item(), rel=1e-3)
    assert np.array_equal(result.found, found)


def test_softmax_is_scored_by_region(tiny, tmp_path):
    tiny["training"]["loss"] = {"output": "softmax"}
    job = Job("fold 0", Plan.model_validate(tiny), tmp_path, 0, ())
    whole, core, enhancing = nested()
    labels = np.stack([core & ~enhancing, whole & ~core, enhancing])
    background = ~whole
    case = Shown(labels, np.concatenate((background[None], labels)).astype(float))
    result = validate_case(Reads(4), case, job)
    assert result.dice == {"WT": 1.0, "TC": 1.0, "ET": 1.0}
    assert result.loss < 0.1
    assert np.array_equal(result.found, nested())


def test_thresholds_by_region():
    plan = Plan.model_construct(postprocess=type("P", (), {"threshold": {"WT": 0.9}}))
    assert thresholds(plan, ["WT", "ET"]).ravel().tolist() == pytest.approx([0.9, 0.5])


def test_region_masks_unite_their_targets():
    targets = np.eye(3, dtype=np.uint8)[:, :, None, None]
    found = region_masks(targets, {"both": (0, 2), "one": (1,)})
    assert found[:, :, 0, 0].tolist() == [[True, False, True], [False, True, False]]


def test_mean_scores():
    scores, loss = mean_scores([({"WT": 1.0, "ET": 0.0}, 1.0), ({"WT": 0.5, "ET": 0.5}, 3.0)])
    assert (scores, loss) == ({"WT": 0.75, "ET": 0.25}, 2.0)
