"""One scanner's cases are alike in contrast, those of any scanner are not."""

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.contrast import draw_contrasts, draw_parts
from oncontour.data.phantom.kinds import STANDARD_SEQUENCES
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.scanners import ANY_SCANNER, ONE_SCANNER, Scanners

CASES = 60


def drawn(scanners: Scanners, sequence: Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Of many cases, how far fluid and necrosis are from white matter."""
    fluid, necrosis = [], []
    for seed in range(CASES):
        rng = np.random.default_rng(seed)
        contrasts = draw_contrasts(rng, STANDARD_SEQUENCES, scanners)
        one = contrasts[sequence]
        fluid.append(one.means[Tissue.CSF] - one.white)
        necrosis.append(draw_parts(rng, contrasts, scanners)[Part.NECROSIS][sequence])
    return np.array(fluid), np.array(necrosis)


@pytest.mark.parametrize("sequence", STANDARD_SEQUENCES)
def test_one_scanner_varies_less(sequence: Sequence):
    for one, several in zip(drawn(ONE_SCANNER, sequence), drawn(ANY_SCANNER, sequence), strict=True):
        assert 0 < one.std() < 0.4 * several.std()


def test_one_scanner_keeps_the_physical_order():
    assert (drawn(ONE_SCANNER, Sequence.T1)[0] < 0).all()
    assert (drawn(ONE_SCANNER, Sequence.T2)[0] > 0).all()
    assert (drawn(ANY_SCANNER, Sequence.T1)[0] > 0).any()


def test_width_cuts_a_range_about_its_middle():
    rng = np.random.default_rng(0)
    values = [Scanners(width=0.5).uniform(rng, 1.0, 3.0) for _ in range(500)]
    assert 1.5 <= min(values) < 1.52
    assert 2.48 < max(values) <= 2.5
