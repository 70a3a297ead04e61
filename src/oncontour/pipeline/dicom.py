"""The DICOM objects of a finished case: what each is made of, here; how each is written, in the room `dicom`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import oncontour
from oncontour.core.checks import Check, worst
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image, Study
from oncontour.core.volume import Volume
from oncontour.data.files import file_digest
from oncontour.measure.interval import LEVEL
from oncontour.measure.regions import RegionMeasurement
from oncontour.pipeline.outcome import CaseResult
from oncontour.report.case import STATEMENT
from oncontour.report.documents import DIGITS
from oncontour.report.page import volume_text

if TYPE_CHECKING:
    from oncontour.dicom.measurement_report import SegmentFigures
    from oncontour.inference.bundle import Bundle
    from oncontour.pipeline.masks import Masks
    from oncontour.preprocess.run import Prepared

OVERLAID = (Sequence.T1CE, Sequence.FLAIR)
"""Enhancement is judged on one, oedema on the other; a study with neither gets an overlay on its reference."""


@dataclass(frozen=True, eq=False)
class DicomObjects:
    """The objects of one case; each method writes one of them, under its own name, and needs none of the later ones.

    Args:
        folder: where to.
        masks: in the native grid of the reference.
        source: the reference's image; read from DICOM.
        bundle: the model.
    """

    folder: Path
    masks: Masks
    source: Image
    bundle: Bundle

    @property
    def made_by(self) -> dict[str, str]:
        """What every object names as its maker."""
        return {"algorithm": f"Oncontour {self.bundle.name}", "version": oncontour.__version__}

    def segmentation(self) -> tuple[Check, ...]:
        """seg.dcm, and what reading it back found."""
        from oncontour.dicom.segmentation import write_segmentation

        regions, scheme = self.masks.regions, self.masks.scheme
        path = self.folder / "seg.dcm"
        return write_segmentation(regions, scheme, self.source, path, correction=None, **self.made_by)

    def measurements(self, result: CaseResult) -> None:
        """sr.dcm, which refers to seg.dcm."""
        from oncontour.dicom.derived import Derived, series_number
        from oncontour.dicom.measurement_report import write_measurement_report

        write_measurement_report(
            [_figures(measured) for measured in result.measurements],
            self.folder / "seg.dcm",
            self.source,
            self.folder / "sr.dcm",
            number=series_number(self.source, Derived.MEASUREMENTS),
            parameters=[f"bundle {self.bundle.name}, SHA-256 {file_digest(self.bundle.folder / 'provenance.json')}"],
            level=LEVEL,
            verdict=worst(result.checks),
            findings=[f"{check.name}: {check.message}" for check in result.checks if check.verdict != "ok"],
            statement=STATEMENT,
            **self.made_by,
        )

    def report(self) -> None:
        """report.dcm, of report.pdf."""
        from oncontour.dicom.derived import Derived, series_number
        from oncontour.dicom.encapsulated import write_encapsulated_pdf

        number = series_number(self.source, Derived.REPORT)
        pdf, path = self.folder / "report.pdf", self.folder / "report.dcm"
        write_encapsulated_pdf(pdf, self.source, path, number=number, **self.made_by)

    def overlays(self, study: Study, prepared: Prepared, result: CaseResult) -> None:
        """overlay/SEQUENCE/, a series each."""
        from oncontour.dicom.derived import Derived, series_number
        from oncontour.dicom.overlay import write_overlay

        shown = [sequence for sequence in OVERLAID if sequence in study.images] or [result.reference]
        for sequence in shown:
            pictures = overlay_pictures(study.images[sequence], self.masks, prepared, self.bundle, result.measurements)
            number = series_number(self.source, Derived.OVERLAY, sequence)
            folder = self.folder / "overlay" / sequence
            write_overlay(pictures, study.images[sequence], folder, number=number, **self.made_by)


def overlay_pictures(
    image: Image, masks: Masks, prepared: Prepared, bundle: Bundle, measurements: tuple[RegionMeasurement, ...]
) -> NDArray[np.uint8]:
    """Pictures (k, rows, columns, RGB) of an image's own slices, with the outlines of the scheme's own regions.

    Masks come from the reference's grid by nearest neighbour, through the registration.
    """
    from oncontour.drawing.burnt import burnt_in
    from oncontour.preprocess.resample import resample

    to_reference = np.asarray(np.linalg.inv(prepared.transforms[image.sequence]), np.float64)
    grid = image.volume.grid

    def here(mask: Volume) -> NDArray[np.bool_]:
        return resample(mask, grid, to_reference, order=0).array

    regions = bundle.scheme.regions
    own = masks.regions.array[: len(regions)]
    return burnt_in(
        image.volume,
        np.stack([here(masks.regions.with_array(mask)) for mask in own]),
        here(prepared.brain),
        [region.colour for region in regions],
        str(image.sequence),
        [f"{one.name} {volume_text(one.volume_ml)} mL" for one in measurements[: len(regions)]],
    )


def _figures(measured: RegionMeasurement) -> SegmentFigures:
    """The numbers of measurements.json."""
    from oncontour.dicom.measurement_report import SegmentFigures

    interval = measured.certainty.interval if measured.certainty else None
    return SegmentFigures(
        volume_ml=round(measured.volume_ml, DIGITS),
        longest_mm=round(measured.longest_mm, DIGITS) if measured.volume_ml else None,
        interval_ml=(round(interval.low, DIGITS), round(interval.high, DIGITS)) if interval else None,
        hemisphere=measured.hemisphere,
    )
