import numpy as np
import pytest
import torch
from torch import nn

from oncontour.core.errors import SequenceError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.predict import grid_around, predict
from oncontour.inference.tiling import probabilities


def test_grid_around_holds_the_mask():
    mask = np.zeros((20, 30, 25), bool)
    mask[5:12, 8:22, 3:20] = True
    affine = np.array([[0, -1.5, 0, 30], [1.0, 0, 0, -20], [0, 0, 2.0, 7], [0, 0, 0, 1]])
    grid = grid_around(Volume(mask, affine), (2.0, 1.0, 3.0))
    assert grid.axis_codes == "RAS"
    assert grid.spacing == (2.0, 1.0, 3.0)
    index = grid.to_index(Volume(mask, affine).grid.to_world(np.argwhere(mask)))
    assert (index >= 1).all()
    assert (index <= np.array(grid.shape) - 2).all()


class _Bright(nn.Module):
    """Stands for a network: the regions are where FLAIR is bright, halfway up the z-scored lesion (about 6)."""

    def forward(self, x):
        return torch.cat([20 * (x[:, 3:4] - 3.0)] * 3, 1)


class _Bundle:
    """As much of a bundle as `predict` looks at."""

    name, scheme = "bright", SCHEMES["brats"]

    def __init__(self, plan, previous=None):
        self.plan, self.previous, self.seen = plan, previous, None

    def probabilities(self, image, progress):
        self.seen = image
        return probabilities(_Bright(), image, self.plan.inference, progress)

    def label_map(self, regions, output):
        return self.scheme.decode(regions)


@pytest.fixture
def plan(make_plan):
    return make_plan(channels=["T1", "T1CE", "T2", "FLAIR"])


def _case():
    shape = (60, 70, 64)
    brain = np.zeros(shape, bool)
    brain[6:54, 6:64, 6:58] = True
    lesion = np.zeros(shape, bool)
    lesion[30:46, 20:36, 24:40] = True
    affine = np.eye(4)
    affine[:3, 3] = (-30.4, -35.2, 10.7)
    flair = np.where(lesion, 3.0, -0.2).astype(np.float32) * brain
    return {Sequence.FLAIR: Volume(flair, affine)}, Volume(brain, affine), lesion


@pytest.mark.parametrize("spacing", [2.0, (1.0, 2.0, 2.5)])
def test_probabilities_come_back_where_the_lesion_is(plan, spacing):
    images, brain, lesion = _case()
    bundle = _Bundle(plan.model_copy(update={"spacing_mm": spacing}))
    found = predict(bundle, images, brain)
    assert found.array.shape == (3, *lesion.shape)
    mask = found.array[0] > 0.5
    dice = 2 * (mask & lesion).sum() / (mask.sum() + lesion.sum())
    assert dice > 0.9
    assert not found.array[0][~brain.array].any()


def test_a_coarse_model_tells_the_fine_one_its_labels(plan):
    images, brain, lesion = _case()
    coarse, fine = _Bundle(plan.model_copy(update={"spacing_mm": 4.0})), _Bundle(plan)
    fine.previous = coarse
    predict(fine, images, brain)
    labels = fine.seen[4:]
    assert labels.shape[0] == 3
    assert set(np.unique(labels)) == {0, 1}
    assert not labels[:2].any()  # where all regions are, the innermost is painted last
    assert labels[2].sum() * 8 == pytest.approx(lesion.sum(), rel=0.2)


def test_study_without_a_known_sequence_is_refused(plan):
    volume = Volume(np.ones((8, 8, 8), np.float32), np.eye(4))
    with pytest.raises(SequenceError, match="ADC"):
        predict(_Bundle(plan), {Sequence.ADC: volume}, Volume(np.ones((8, 8, 8), bool), np.eye(4)))
