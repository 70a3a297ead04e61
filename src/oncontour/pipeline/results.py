"""The files of a finished case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import oncontour
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.data.files import write_json
from oncontour.data.nifti import write_nifti
from oncontour.measure.regions import RegionMeasurement
from oncontour.pipeline.dicom import DicomObjects
from oncontour.pipeline.outcome import CaseResult

if TYPE_CHECKING:
    from oncontour.inference.bundle import Bundle
    from oncontour.pipeline.masks import Masks
    from oncontour.preprocess.run import Prepared
    from oncontour.report.case import CaseReport


def write_result(
    folder: Path, result: CaseResult, masks: Masks, study: Study, prepared: Prepared, bundle: Bundle, *, dicom: bool
) -> CaseResult:
    """Write everything but quality.json, which waits for the time that this takes.

    Args:
        folder: where to.
        result: what was found.
        masks: in the native grid of the reference.
        study: the images as read.
        prepared: the images as segmented.
        bundle: the model.
        dicom: whether to write DICOM objects too.

    Returns:
        The result with what writing DICOM added to its checks and notes.

    Raises:
        OutputError: a file could not be written, or did not read back as written.
    """
    from oncontour.report import write_html, write_macro, write_measurements, write_pdf
    from oncontour.report.pictures import montage_png

    write_nifti(masks.label_map, folder / "segmentation.nii.gz", "uint8")
    write_nifti(masks.regions, folder / "regions.nii.gz", "bool")
    write_json(folder / "transforms.json", transforms_record(prepared))
    objects = DicomObjects(folder, masks, study.images[result.reference], bundle) if dicom else None
    if objects and not objects.source.dicom:
        result = replace(result, notes=(*result.notes, "No DICOM was written: the study is not DICOM."))
        objects = None
    if objects:
        result = replace(result, checks=(*result.checks, *objects.segmentation()))
    report = case_report(result, masks, prepared, bundle)
    write_measurements(report, folder / "measurements.json")
    picture = montage_png(report)
    write_html(report, folder / "report.html", picture)
    write_pdf(report, folder / "report.pdf", picture)
    write_macro(report, folder / "report-macro.txt")
    if objects:
        objects.measurements(result)
        objects.report()
        objects.overlays(study, prepared, result)
    return result


def case_report(result: CaseResult, masks: Masks, prepared: Prepared, bundle: Bundle) -> CaseReport:
    """What the report says; the scheme's own regions are drawn as they were written, seen from the working grid."""
    from oncontour.preprocess.resample import resample
    from oncontour.report.case import CaseReport

    grid = prepared.brain.grid
    own = masks.regions.array[: len(bundle.scheme.regions)]
    drawn = np.stack([resample(masks.regions.with_array(mask), grid).array for mask in own])
    return CaseReport(
        name=result.name,
        images=prepared.images,
        brain=prepared.brain,
        regions=Volume(drawn, grid.affine),
        scheme=bundle.scheme,
        measurements=result.measurements,
        reference=result.reference,
        decisions=result.decisions,
        missing=result.missing,
        notes=result.notes,
        checks=result.checks,
        steps=result.steps,
        seconds=result.seconds,
        model_card=bundle.card_line,
        version=oncontour.__version__,
        findings=findings(result.measurements),
        certainty_note=result.certainty_note,
    )


def findings(measurements: tuple[RegionMeasurement, ...]) -> str:
    """The result in one sentence.

    >>> findings((RegionMeasurement("WT", "whole tumour", 12.34, 1.0, 1, None, None, 30.0),))
    'Found: whole tumour 12.3 mL.'
    >>> findings((RegionMeasurement("WT", "whole tumour", 0.0, None, 0, None, None, 0.0),))
    'No tumour found.'
    """
    if not any(measured.volume_ml for measured in measurements):
        return "No tumour found."
    parts = [f"{measured.title} {measured.volume_ml:.1f} mL" for measured in measurements]
    return f"Found: {', '.join(parts)}."


def transforms_record(prepared: Prepared) -> dict[str, Any]:
    """transforms.json: for each sequence, the matrix from the reference's world to its own, both RAS+ mm."""
    return {
        "reference": str(prepared.reference),
        "convention": "4x4, maps a point of the reference's world to the sequence's own world; RAS+, mm",
        "transforms": {str(sequence): matrix.tolist() for sequence, matrix in prepared.transforms.items()},
    }
