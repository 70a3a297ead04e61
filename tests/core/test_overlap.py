import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from oncontour.core.errors import GeometryError, ImageContentError
from oncontour.core.overlap import dice, jaccard, overlap, precision, sensitivity, specificity

PAIRS = hnp.arrays(bool, st.just((2, 3, 4, 2)), elements=st.booleans())


@given(PAIRS)
def test_against_the_counts_of_a_contingency_table(pair):
    pred, ref = pair
    tp = sum(bool(p and r) for p, r in zip(pred.flat, ref.flat, strict=True))
    fp = sum(bool(p and not r) for p, r in zip(pred.flat, ref.flat, strict=True))
    fn = sum(bool(r and not p) for p, r in zip(pred.flat, ref.flat, strict=True))
    assert dice(pred, ref) == (2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0)
    if tp + fn:
        assert sensitivity(pred, ref) == tp / (tp + fn)
    assert dice(pred, ref) == dice(ref, pred)
    assert jaccard(pred, ref) == pytest.approx(dice(pred, ref) / (2 - dice(pred, ref)))
    assert precision(pred, ref) == sensitivity(ref, pred)
    tn = pred.size - tp - fp - fn
    assert specificity(pred, ref) == (tn / (tn + fp) if tn + fp else 1.0)
    counted = overlap(pred, ref)
    assert (counted.common, counted.pred, counted.ref, counted.total) == (tp, tp + fp, tp + fn, pred.size)


@pytest.mark.parametrize(
    ("pred", "ref", "expected_dice", "expected_sensitivity"),
    [([0, 0], [0, 0], 1.0, 1.0), ([1, 0], [0, 0], 0.0, 0.0), ([0, 0], [1, 0], 0.0, 0.0), ([1, 0], [1, 0], 1.0, 1.0)],
)
def test_empties_follow_the_convention(pred, ref, expected_dice, expected_sensitivity):
    assert dice(pred, ref) == expected_dice
    assert sensitivity(pred, ref) == expected_sensitivity


def test_label_maps_and_differing_shapes_are_refused():
    with pytest.raises(ImageContentError, match="boolean mask"):
        dice(np.array([0, 3]), np.array([0, 1]))
    with pytest.raises(GeometryError, match="one shape"):
        sensitivity(np.ones((2, 3), dtype=bool), np.ones((3, 2), dtype=bool))
