import numpy as np
import pytest

from oncontour.core.checks import Check, Step
from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision
from oncontour.core.volume import Volume
from oncontour.measure import measure_regions
from oncontour.report import CaseReport

SHAPE = (60, 72, 56)
AFFINE = np.array([[3.0, 0, 0, -90], [0, 3, 0, -110], [0, 0, 3, -70], [0, 0, 0, 1.0]])


def _ball(centre, radius):
    return np.linalg.norm(np.indices(SHAPE) - np.reshape(centre, (3, 1, 1, 1)), axis=0) <= radius


@pytest.fixture(scope="session")
def brain():
    place = (np.indices(SHAPE) - np.reshape([30, 36, 28], (3, 1, 1, 1))) / np.reshape([24, 30, 22], (3, 1, 1, 1))
    return np.linalg.norm(place, axis=0) <= 1


@pytest.fixture(scope="session")
def case(brain):
    """An asymmetric phantom: a bright tumour on the patient's right, in front and on top of the brain's middle."""
    right, front, top = 42, 50, 36
    whole, core, enhancing = (_ball((right, front, top), radius) & brain for radius in (7, 4.5, 3))
    regions = Volume(np.stack([whole, core, enhancing]), AFFINE)
    image = np.where(brain, 100.0, 0.0)
    image[whole] = 400.0
    t1ce, flair = (Volume((image * gain).astype(np.float32), AFFINE) for gain in (1.0, 2.0))
    mask = Volume(brain, AFFINE)
    return CaseReport(
        name="phantom-7",
        images={Sequence.T1CE: t1ce, Sequence.FLAIR: flair},
        brain=mask,
        regions=regions,
        scheme=BRATS,
        measurements=measure_regions(regions, BRATS, mask),
        reference=Sequence.T1CE,
        decisions=(
            Decision("series 3", Sequence.T1CE, True, "inversion recovery gradient echo, contrast recorded", 0.97),
            Decision("series 5", Sequence.FLAIR, True, "long echo and inversion times", 0.9),
            Decision("series 1", None, False, "localiser: three orientations", 0.95),
        ),
        missing=(Sequence.T1, Sequence.T2),
        notes=("Taken as skull-stripped: 61 % of voxels are 0.",),
        checks=(
            Check("registration agreement FLAIR", "ok", 0.12, "mm", "at most 0.5 mm", "The outlines agree."),
            Check("coverage", "fail", 0.81, "", "at least 0.95", "The field of view cuts the brain."),
            Check("slice thickness FLAIR", "warn", 5.5, "mm", "at most 4 mm", "Volumes are coarse."),
            Check("left/right flip FLAIR", "warn", float("nan"), "", "", "Could not be measured."),
        ),
        steps=(Step("read", 1.25, "2 files"), Step("network", 14.5, "3 tiles")),
        seconds=14.75,
        model_card="oncontour-glioma 0.1, synthetic training data",
        version="0.1.0",
        findings="Tumour found in the right hemisphere.",
        certainty_note="No interval: the bundle was not calibrated.",
    )
