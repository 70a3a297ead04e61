"""What a report says about one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncontour.core.checks import Check, Step
from oncontour.core.errors import GeometryError
from oncontour.core.labels import LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision
from oncontour.core.volume import Volume
from oncontour.measure import RegionMeasurement

STATEMENT = (
    "Research use only. Not a medical device. Made by software without a reader's review: "
    "not for diagnosis or treatment."
)
"""Stands on every report."""

CORRECTED_STATEMENT = (
    "Research use only. Not a medical device. Made by software and corrected by a reader: "
    "not for diagnosis or treatment."
)
"""Stands in its place on what a reader corrected."""


@dataclass(frozen=True, eq=False)
class CaseReport:
    """One segmented case, ready to be told. Holds nothing about the patient.

    Args:
        name: the case's name, as on its folder.
        images: the images in the working grid, own intensities.
        brain: brain mask (i, j, k) in the working grid.
        regions: (R, i, j, k) boolean in the working grid, for the pictures.
        scheme: names and colours of the R regions.
        measurements: one for each region, made in the native grid of `reference`.
        reference: the sequence in whose native grid the masks were written.
        decisions: every series or file looked at.
        missing: standard sequences that the study lacks.
        notes: assumptions and repairs, in words.
        checks: quality checks.
        steps: what was done, with seconds; some ran side by side.
        seconds: wall time of all of it.
        model_card: one line about the model.
        version: version of the program.
        findings: the result in one sentence, such as "No tumour found."
        certainty_note: on what intervals and predicted Dice rest, or why there are none.

    Raises:
        GeometryError: images, brain and regions are not on one grid.
    """

    name: str
    images: Mapping[Sequence, Volume]
    brain: Volume
    regions: Volume
    scheme: LabelScheme
    measurements: tuple[RegionMeasurement, ...]
    reference: Sequence
    decisions: tuple[Decision, ...]
    missing: tuple[Sequence, ...]
    notes: tuple[str, ...]
    checks: tuple[Check, ...]
    steps: tuple[Step, ...]
    seconds: float
    model_card: str
    version: str
    findings: str
    certainty_note: str

    def __post_init__(self) -> None:
        for name, volume in [("brain", self.brain), *self.images.items()]:
            if not volume.grid.same_as(self.regions.grid):
                expected = f"the grid of the regions, {self.regions.grid.shape}"
                remedy = "Resample everything that is drawn to the working grid."
                raise GeometryError(f"report: {name}", f"grid {volume.grid.shape}", expected, remedy)
