"""Lesion by lesion, by hand: what is joined, what counts, what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.evaluate.metrics import lesionwise
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM, Rules

UNIT = (1.0, 1.0, 1.0)


def boxes(*starts: tuple[int, int, int], edge: int = 5) -> np.ndarray:
    """Cubes of 125 mm3 in an image."""
    image = np.zeros((60, 30, 30), bool)
    for i, j, k in starts:
        image[i : i + edge, j : j + edge, k : k + edge] = True
    return image


def test_nothing_at_all_is_perfect():
    found = lesionwise(boxes(), boxes(), UNIT)
    assert (found.dice, found.hd95, found.tp, found.fp, found.fn) == (1, 0, 0, 0, 0)


def test_a_missed_lesion_weighs_as_much_as_one_found():
    ref = boxes((5, 5, 5), (40, 5, 5))
    found = lesionwise(boxes((5, 5, 5)), ref, UNIT)
    assert (found.tp, found.fp, found.fn) == (1, 0, 1)
    assert found.dice == pytest.approx(0.5)
    assert found.hd95 == pytest.approx(PENALTY_MM / 2)


def test_a_false_component_counts_whatever_its_size():
    ref = boxes((5, 5, 5))
    pred = ref.copy()
    pred[50, 20, 20] = True
    found = lesionwise(pred, ref, UNIT)
    assert (found.tp, found.fp, found.fn) == (1, 1, 0)
    assert found.false_mm3 == (1.0,)
    assert found.dice == pytest.approx(0.5)
    assert found.hd95 == pytest.approx(PENALTY_MM / 2)


@pytest.mark.parametrize(("gap", "lesions"), [(6, 1), (7, 1), (8, 2)])
def test_lesions_that_meet_when_grown_are_one(gap, lesions):
    """Grown by three voxels each, cubes 6 voxels apart overlap their neighbours, and 7 apart touch."""
    ref = boxes((5, 5, 5), (10 + gap - 1, 5, 5))
    assert len(lesionwise(ref, ref, UNIT, "glioma").lesions) == lesions
    assert len(lesionwise(ref, ref, UNIT, "metastasis").lesions) == 2


def test_small_reference_lesions_are_left_out_and_so_is_what_touches_them():
    ref = boxes((5, 5, 5)) | boxes((40, 5, 5), edge=3)  # 27 mm3
    found = lesionwise(ref, ref, UNIT)
    assert (len(found.lesions), found.fp, found.dice) == (1, 0, 1)
    assert len(lesionwise(ref, ref, UNIT, "metastasis").lesions) == 2
    assert len(lesionwise(ref, ref, (2.0, 2.0, 2.0)).lesions) == 2  # 216 mm3


def test_every_component_that_touches_a_grown_lesion_counts_whole():
    ref = boxes((20, 10, 10))
    pred = ref | boxes((27, 10, 10), (13, 10, 10))  # each two voxels away
    found = lesionwise(pred, ref, UNIT)
    assert (found.tp, found.fp) == (1, 0)
    assert found.dice == pytest.approx(2 * 125 / (3 * 125 + 125))


def test_one_component_may_find_two_lesions():
    ref = boxes((5, 5, 5), (40, 5, 5))
    pred = np.zeros_like(ref)
    pred[5:45, 5:10, 5:10] = True
    found = lesionwise(pred, ref, UNIT)
    assert (found.tp, found.fp, found.fn) == (2, 0, 0)
    assert found.lesions[0].dice == pytest.approx(2 * 125 / (1000 + 125))


def test_own_rules_and_unknown_challenges():
    ref = boxes((5, 5, 5))
    assert lesionwise(ref, ref, UNIT, Rules(1, 200.0)).lesions == ()
    with pytest.raises(InputError, match="'prostate'"):
        lesionwise(ref, ref, UNIT, "prostate")  # pyright: ignore[reportArgumentType]
