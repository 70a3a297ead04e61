"""Signal equations keep what every scanner shows."""

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.contrast import Brightness, draw_contrasts, draw_parts
from oncontour.data.phantom.haemorrhage import BloodAge
from oncontour.data.phantom.kinds import STANDARD_SEQUENCES
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.physics import (
    LEAST_ENHANCEMENT,
    draw_physical,
    inversion_recovery,
    prepared_echo,
    spoiled_echo,
)
from oncontour.data.phantom.relaxation import Substances, Vascular
from oncontour.data.phantom.scanners import Scanners

CASES = 60
WATER = Substances(np.array([4000.0]), np.array([2000.0]), np.array([1.0]))


def drawn(seed, sequences=STANDARD_SEQUENCES, age=BloodAge.LATE_SUBACUTE, weak=False, same=0.6):
    rng, scanners = np.random.default_rng(seed), Scanners(unchanged_after_contrast=same)
    contrasts = draw_contrasts(rng, sequences, scanners)
    random = Brightness(contrasts, draw_parts(rng, contrasts, scanners))
    return random, draw_physical(rng, random, scanners, age, weak)


def test_healthy_tissues_are_in_order():
    for seed in range(CASES):
        contrasts = drawn(seed)[1].contrasts
        t1, t2, flair = (contrasts[one] for one in (Sequence.T1, Sequence.T2, Sequence.FLAIR))
        assert 1.2 * t1.white > t1.grey > t1.fluid  # hardly weighted protocols show little contrast
        assert t1.white > t1.fluid
        assert t2.white < t2.grey < t2.fluid
        assert flair.fluid < 0.6 * flair.white
        assert 0.75 * flair.white < flair.grey


def test_tumours_are_long_in_t1_and_t2():
    for seed in range(CASES):
        parts = drawn(seed)[1].parts
        for part in (Part.EDEMA, Part.SOLID, Part.NECROSIS):
            assert parts[part][Sequence.T1] < 0.06
            assert parts[part][Sequence.T2] > 0.05
        assert parts[Part.EDEMA][Sequence.FLAIR] > 0.02
        assert parts[Part.CALCIFICATION][Sequence.T2] < 0


@pytest.mark.parametrize("weak", [False, True])
def test_enhancement_shows_after_contrast_alone(weak):
    for seed in range(CASES):
        _, physical = drawn(seed, weak=weak)
        after = physical.contrasts[Sequence.T1CE]
        floor = max(after.white, after.grey) - after.white
        assert physical.parts[Part.ENHANCING][Sequence.T1CE] > floor + 0.99 * LEAST_ENHANCEMENT
        assert physical.parts[Part.ENHANCING][Sequence.T1] < 0.04
        assert set(physical.vascular) == set(Vascular)
        assert min(physical.vascular.values()) >= 0


@pytest.mark.parametrize(
    ("age", "bright_t1", "bright_t2"),
    [
        (BloodAge.HYPERACUTE, False, True),
        (BloodAge.ACUTE, False, False),
        (BloodAge.EARLY_SUBACUTE, True, False),
        (BloodAge.LATE_SUBACUTE, True, True),
        (BloodAge.CHRONIC, False, False),
    ],
)
def test_blood_looks_its_age_before_contrast_as_after(age, bright_t1, bright_t2):
    """By signal equations and by drawn ranges alike."""
    for seed in range(20):
        _, physical = drawn(seed, age=age, same=1.0)
        random = draw_parts(np.random.default_rng(seed), physical.contrasts, age=age)
        for blood in (physical.parts[Part.HAEMORRHAGE], random[Part.HAEMORRHAGE]):
            assert (blood[Sequence.T2] > 0) == bright_t2
            if bright_t1:
                assert blood[Sequence.T1] > 0.02
                assert blood[Sequence.T1CE] > 0.02
            else:
                assert blood[Sequence.T1] < 0.07


def test_one_scan_shows_healthy_tissue_alike_before_and_after():
    quiet = [Tissue.WHITE, Tissue.GREY, Tissue.DEEP_GREY, Tissue.CSF, Tissue.FAT]
    for seed in range(10):
        contrasts = drawn(seed, same=1.0)[1].contrasts
        ratio = contrasts[Sequence.T1CE].means[quiet] / contrasts[Sequence.T1].means[quiet]
        assert np.ptp(ratio) < 1e-4
    other = drawn(1, same=0.0)[1].contrasts
    assert np.ptp(other[Sequence.T1CE].means[quiet] / other[Sequence.T1].means[quiet]) > 1e-3


def test_an_adc_map_keeps_what_was_drawn():
    random, physical = drawn(4, (Sequence.FLAIR, Sequence.T1CE, Sequence.ADC))
    assert physical.contrasts[Sequence.ADC] is random.contrasts[Sequence.ADC]
    assert all(physical.parts[part][Sequence.ADC] == row[Sequence.ADC] for part, row in random.parts.items())
    assert set(physical.contrasts) == set(random.contrasts)


def test_equations_at_their_limits():
    """Ernst angle 90 degrees with a long repetition; an inversion at the null; recovery without limit."""
    assert spoiled_echo(WATER, 1e6, 0.0, 90.0)[0] == pytest.approx(1.0)
    assert prepared_echo(WATER, 1e6, 4000 * np.log(2))[0] == pytest.approx(0.0, abs=1e-6)
    assert inversion_recovery(WATER, 1e6, 0.0, 4000 * np.log(2))[0] == pytest.approx(0.0, abs=1e-6)
    assert inversion_recovery(WATER, 1e6, 2000.0, 1e5)[0] == pytest.approx(np.exp(-1), rel=1e-3)
