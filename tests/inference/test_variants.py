"""Variants of a study: what changes, and what comes back in its own place."""

from types import SimpleNamespace

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.variants import variant_probabilities

SHAPE = (12, 10, 8)
BRAIN = Volume(np.ones(SHAPE, bool), np.eye(4))


def found(sequences, network, channels=tuple(Sequence)[:4]):
    """Probabilities by variant of a stand-in for a network."""
    plan = SimpleNamespace(channels=channels, spacing=(1.0, 1.0, 1.0), normalisation="minmax")
    bundle = SimpleNamespace(plan=plan, previous=None, probabilities=lambda image, mirrored: network(image))
    rng = np.random.default_rng(0)
    images = {one: Volume(rng.uniform(1, 2, SHAPE).astype(np.float32), np.eye(4)) for one in sequences}
    return dict(variant_probabilities(bundle, images, BRAIN))


def test_one_sequence_is_left_out_at_a_time_where_two_remain():
    four = found(tuple(Sequence)[:4], lambda image: image)
    assert list(four) == ["as it is", "mirrored", "darker", "brighter", *(f"without {s}" for s in tuple(Sequence)[:4])]
    without = four["without T1CE"].array
    assert not without[1].any()
    assert np.array_equal(np.delete(without, 1, 0), np.delete(four["as it is"].array, 1, 0))
    assert list(found((Sequence.T1CE, Sequence.FLAIR), lambda image: image)) == list(four)[:4]


def test_t1_and_adc_alone_are_no_study():
    three = found((Sequence.T1, Sequence.ADC, Sequence.T2), lambda image: image, tuple(Sequence))
    assert [name for name in three if name.startswith("without")] == ["without T1", "without ADC"]


def test_what_is_found_in_a_mirrored_image_comes_back_to_its_side():
    shown = found((Sequence.T1CE, Sequence.FLAIR), lambda image: image)
    assert np.array_equal(shown["mirrored"].array, shown["as it is"].array)
    seen = found((Sequence.T1CE, Sequence.FLAIR), lambda image: np.cumsum(image, axis=1))
    assert not np.allclose(seen["mirrored"].array, seen["as it is"].array)


def test_brightness_keeps_mean_spread_and_order():
    variants = found((Sequence.T1CE, Sequence.FLAIR), lambda image: image)
    shown = {name: volume.array[1][volume.array[1] != 0] for name, volume in variants.items()}
    plain = shown["as it is"]
    for name in ("darker", "brighter"):
        assert shown[name].mean() == pytest.approx(plain.mean(), rel=1e-4)
        assert shown[name].std() == pytest.approx(plain.std(), rel=1e-4)
        assert np.diff(shown[name][plain.argsort()]).min() > -1e-6  # single precision rounds near ties
    assert np.median(shown["darker"]) < np.median(plain) < np.median(shown["brighter"])
