"""The second reader disagrees, but not about everything."""

from __future__ import annotations

import numpy as np

from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.rater import second_reading


def dice(a, b):
    return 2 * (a & b).sum() / max(1, a.sum() + b.sum())


def test_agreement_is_that_of_two_readers(anatomy):
    """Paper 004 reports mean Dice 0.85 (whole tumour) and 0.77 (core) between its readers."""
    whole, core = [], []
    for seed in range(16):
        case = make_case(anatomy, seed, Spec(spacing_mm=2.0, sequences=()))
        read = second_reading(case.parts, case.brain, seed, 2.0)
        assert not read[~case.brain].any()
        assert set(np.unique(read).tolist()) <= set(np.unique(case.parts).tolist())
        whole.append(dice(case.parts > 0, read > 0))
        core.append(dice(case.parts > Part.EDEMA, read > Part.EDEMA))
    assert 0.75 < np.mean(whole) < 0.95
    assert 0.65 < np.mean(core) < 0.95
    assert max(whole) < 1


def test_repeatable_and_empty(anatomy):
    case = make_case(anatomy, 1, Spec(spacing_mm=4.0, sequences=()))
    first = second_reading(case.parts, case.brain, 1, 4.0)
    assert np.array_equal(first, second_reading(case.parts, case.brain, 1, 4.0))
    assert not second_reading(np.zeros_like(case.parts), case.brain, 1, 4.0).any()
