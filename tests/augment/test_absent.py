import numpy as np
import pytest

from oncontour.augment.absent import Absent
from oncontour.core.sequence import SUFFICIENT, Sequence

CHANNELS = (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)
SHAPE = (4, 2, 2, 2)


def test_subsets_hold_a_sufficient_sequence():
    absent, rng = Absent(CHANNELS, 1.0), np.random.default_rng(0)
    counts = dict.fromkeys(CHANNELS, 0)
    for _ in range(400):
        dropped = absent.draw(rng, SHAPE)["absent"]
        there = [name for n, name in enumerate(CHANNELS) if n not in dropped]
        assert set(there) & set(SUFFICIENT)
        for name in there:
            counts[name] += 1
    assert all(100 < count < 380 for count in counts.values())


def test_a_share_of_the_draws():
    absent, rng = Absent(CHANNELS, 0.5), np.random.default_rng(0)
    dropped = np.mean([bool(absent.draw(rng, SHAPE)["absent"]) for _ in range(2000)])
    assert 0.4 < dropped < 0.5  # a few subsets are whole, or held nothing sufficient
    never = Absent(CHANNELS, 0.0)
    assert not any(never.draw(rng, SHAPE)["absent"] for _ in range(50))


def test_a_probability_for_each_sequence():
    absent, rng = Absent(CHANNELS, {Sequence.T1: 0.5, "T2": 0.1}), np.random.default_rng(0)
    drawn = [absent.draw(rng, SHAPE)["absent"] for _ in range(2000)]
    rates = [np.mean([channel in one for one in drawn]) for channel in range(4)]
    assert rates == [pytest.approx(0.5, abs=0.04), 0, pytest.approx(0.1, abs=0.02), 0]


def test_never_all_of_them():
    absent, rng = Absent(CHANNELS, dict.fromkeys(CHANNELS, 0.9)), np.random.default_rng(0)
    assert all(len(absent.draw(rng, SHAPE)["absent"]) < 4 for _ in range(200))


def test_absent_channels_are_zeroed(sample):
    image = Absent(CHANNELS, 1.0).apply({"absent": [1, 3]}, sample).image
    assert not image[[1, 3]].any()
    assert image[0].equal(sample.image[0])
