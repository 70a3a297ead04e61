"""Majority and STAPLE on cases that can be followed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.labels import BRATS, PAEDIATRIC, SCHEMES, SEQUENCE_MASKS, WHOLE
from oncontour.evaluate.raters.consensus import majority, staple, vote_majority, vote_staple


def row(*values: int) -> np.ndarray:
    return np.array(values, np.uint8).reshape(-1, 1, 1)


def test_more_than_half_of_three():
    maps = {"a": row(1, 1, 1, 0), "b": row(1, 1, 0, 0), "c": row(1, 0, 0, 0)}
    assert majority(maps, WHOLE).ravel().tolist() == [1, 1, 0, 0]


def test_a_tie_is_background():
    maps = {"a": row(1, 1, 0), "b": row(1, 0, 0)}
    assert majority(maps, WHOLE).ravel().tolist() == [1, 0, 0]
    four = [row(*values) > 0 for values in ((1, 1), (1, 1), (1, 0), (0, 0))]
    assert vote_majority(four).ravel().tolist() == [True, False]


def test_regions_vote_apart_and_are_painted_inner_over_outer():
    """Three labels of one voxel: all say tumour, two say core, one says enhancing."""
    maps = {"a": row(3, 3), "b": row(1, 3), "c": row(2, 2)}
    assert majority(maps, BRATS).ravel().tolist() == [1, 3]


def test_labels_that_regions_leave_open_are_those_that_most_drew():
    """Cyst (3) and solid (2) are both core without enhancement; of equals the scheme's first is taken."""
    maps = {"a": row(3, 3, 0), "b": row(3, 2, 2), "c": row(2, 0, 3)}
    assert majority(maps, PAEDIATRIC).ravel().tolist() == [3, 2, 2]


def test_overlapping_masks_keep_their_overlaps():
    """Enhancing 1, ADC 2, FLAIR 4: each mask is voted on alone, and the three may meet in a voxel."""
    maps = {"a": row(7, 5, 4), "b": row(6, 5, 2), "c": row(3, 4, 1)}
    assert majority(maps, SEQUENCE_MASKS).ravel().tolist() == [7, 5, 0]


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_experts_of_one_mind_are_their_own_consensus(scheme):
    drawn = np.zeros((9, 8, 7), np.uint8)
    for n, label in enumerate(scheme.labels):
        drawn[2:6, 2:5, n] = label.value
    maps = {"a": drawn, "b": drawn.copy(), "c": drawn.copy()}
    assert (majority(maps, scheme) == drawn).all()
    found, rates = staple("case", maps, scheme)
    assert (found == drawn).all()
    assert all(one.sensitivity == pytest.approx(1) and one.specificity == pytest.approx(1) for one in rates)


def expectation_maximisation(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """STAPLE as Warfield 2004 has it, equations 14 to 19, over all voxels at once."""
    raters = masks.reshape(len(masks), -1).astype(float)
    prior = raters.mean()
    hit = left = np.full((len(raters), 1), 0.99999)
    for _ in range(500):
        inside = prior * np.prod(np.where(raters > 0, hit, 1 - hit), axis=0)
        outside = (1 - prior) * np.prod(np.where(raters > 0, 1 - left, left), axis=0)
        chance = inside / (inside + outside)
        hit = ((raters * chance).sum(1) / chance.sum())[:, None]
        left = (((1 - raters) * (1 - chance)).sum(1) / (1 - chance).sum())[:, None]
    return chance.reshape(masks.shape[1:]) >= 0.5, hit.ravel(), left.ravel()


def test_staple_is_warfields():
    """Three readers, each less careful than the one before."""
    rng = np.random.default_rng(4)
    truth = np.zeros((14, 13, 12), bool)
    truth[3:9, 3:9, 3:8] = True
    masks = np.stack([truth ^ (rng.random(truth.shape) < noise) for noise in (0.02, 0.05, 0.25)])
    found, hit, left = vote_staple(list(masks))
    expected = expectation_maximisation(masks)
    assert (found == expected[0]).all()
    assert hit == pytest.approx(expected[1], abs=1e-4)
    assert left == pytest.approx(expected[2], abs=1e-4)
    assert left[0] > left[1] > left[2]


def test_a_region_that_nobody_drew():
    maps = {"a": row(2, 2, 0, 0, 0), "b": row(2, 0, 0, 0, 0), "c": row(2, 2, 0, 0, 0)}
    found, rates = staple("case", maps, BRATS)
    assert set(np.unique(found)) <= {0, 2}
    enhancing = [one for one in rates if one.region == "ET"]
    assert [one.expert for one in enhancing] == ["a", "b", "c"]
    assert all(np.isnan(one.sensitivity) and one.specificity == 1 for one in enhancing)
