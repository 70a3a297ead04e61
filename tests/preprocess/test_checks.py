"""Each check says ok, warn or fail where it should, with its number."""

import numpy as np
import pytest

from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.checks import (
    agreement_check,
    brain_checks,
    coverage_check,
    field_of_view,
    probe,
    spacing_check,
)
from oncontour.preprocess.pyramid import pyramid
from oncontour.preprocess.rigid import rigid


@pytest.mark.parametrize(("away", "verdict"), [(0.3, "ok"), (1.2, "warn"), (4.0, "fail")])
def test_agreement_verdicts(away, verdict):
    check = agreement_check(Sequence.FLAIR, away)
    assert (check.verdict, check.value, check.unit) == (verdict, away, "mm")


def test_the_probe_measures_a_misregistration(head):
    volumes, brain = head
    flair = volumes[Sequence.FLAIR]
    shifted = Volume(flair.array, rigid((0, 0, 0), (0, 2.5, 0)) @ flair.affine)
    fixed = pyramid(volumes[Sequence.T1CE])
    assert probe(fixed, pyramid(flair), brain).moved_mm < 0.4
    assert probe(fixed, pyramid(shifted), brain).moved_mm == pytest.approx(2.5, abs=0.4)


def ball(ml: float) -> Volume:
    radius = (ml * 1000 * 3 / 4 / np.pi) ** (1 / 3)
    axes = (np.arange(100) - 50) * 2.0
    x, y, z = np.meshgrid(axes, axes, axes, indexing="ij")
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    return Volume(x**2 + y**2 + z**2 < radius**2, affine)


@pytest.mark.parametrize(("ml", "verdict"), [(1400, "ok"), (400, "warn"), (120, "fail"), (2600, "fail")])
def test_brain_volume(ml, verdict):
    brain = ball(ml)
    volume, pieces, inside = brain_checks(brain, brain.grid)
    assert volume.verdict == verdict
    assert volume.value == pytest.approx(ml, rel=0.02)
    assert pieces.verdict == inside.verdict == "ok"


def test_a_brain_in_two_pieces_and_cut_off_warns():
    brain = ball(1400)
    brain.array[:, :, 48:52] = False
    assert brain_checks(brain, brain.grid)[1].verdict == "warn"
    whole = ball(1400)
    short = Grid((100, 100, 55), whole.affine)
    cut = brain_checks(whole, short)[2]
    assert cut.verdict == "fail"
    assert cut.value > 0.3


def test_coverage_and_field_of_view():
    grid = Grid((10, 10, 10), np.eye(4))
    half = field_of_view(Grid((10, 10, 5), np.eye(4)), grid)
    assert half.sum() == 500
    assert [coverage_check(Sequence.T2, share).verdict for share in (1.0, 0.95, 0.5)] == ["ok", "warn", "fail"]


@pytest.mark.parametrize(("thickness", "verdict"), [(1.0, "ok"), (5.5, "warn"), (10.0, "fail")])
def test_spacing(thickness, verdict):
    check = spacing_check(Sequence.T2, Grid((9, 9, 9), np.diag([0.5, 0.5, thickness, 1.0])))
    assert (check.verdict, check.value) == (verdict, thickness)
