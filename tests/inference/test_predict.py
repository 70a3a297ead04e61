import numpy as np
import pytest

from oncontour.core.errors import SequenceError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.predict import grid_around, predict


def test_grid_around_holds_the_mask():
    mask = np.zeros((20, 30, 25), bool)
    mask[5:12, 8:22, 3:20] = True
    affine = np.array([[0, -1.5, 0, 30], [1.0, 0, 0, -20], [0, 0, 2.0, 7], [0, 0, 0, 1]])
    grid = grid_around(Volume(mask, affine), 2.0)
    assert grid.axis_codes == "RAS"
    index = grid.to_index(Volume(mask, affine).grid.to_world(np.argwhere(mask)))
    assert (index >= 1).all()
    assert (index <= np.array(grid.shape) - 2).all()


class _Bright:
    """Stands for a network: the regions are where FLAIR is bright, halfway up the z-scored lesion (about 6)."""

    stride = 1

    def __call__(self, x):
        import torch

        return torch.cat([20 * (x[:, 3:4] - 3.0)] * 3, 1)


class _Bundle:
    name = "bright"

    def __init__(self):
        from pathlib import Path

        from oncontour.plans.plan import load_plan

        self.plan = load_plan(Path(__file__).parents[2] / "recipes" / "default.yaml")
        self.network = _Bright()


def test_probabilities_come_back_where_the_lesion_is():
    shape = (60, 70, 64)
    brain = np.zeros(shape, bool)
    brain[6:54, 6:64, 6:58] = True
    lesion = np.zeros(shape, bool)
    lesion[30:46, 20:36, 24:40] = True
    affine = np.eye(4)
    affine[:3, 3] = (-30.4, -35.2, 10.7)
    flair = np.where(lesion, 3.0, -0.2).astype(np.float32) * brain
    found = predict(_Bundle(), {Sequence.FLAIR: Volume(flair, affine)}, Volume(brain, affine))
    assert found.array.shape == (3, *shape)
    mask = found.array[0] > 0.5
    dice = 2 * (mask & lesion).sum() / (mask.sum() + lesion.sum())
    assert dice > 0.9
    assert not found.array[0][~brain].any()


def test_study_without_a_known_sequence_is_refused():
    volume = Volume(np.ones((8, 8, 8), np.float32), np.eye(4))
    with pytest.raises(SequenceError, match="ADC"):
        predict(_Bundle(), {Sequence.ADC: volume}, Volume(np.ones((8, 8, 8), bool), np.eye(4)))
