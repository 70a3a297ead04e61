"""One case from images to files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import oncontour
from oncontour.core.sequence import ABSENCE_COSTS
from oncontour.core.study import Study
from oncontour.data.files import write_json
from oncontour.data.layouts import check_sufficient
from oncontour.pipeline.finding import find_tumour
from oncontour.pipeline.folders import result_folder
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options
from oncontour.pipeline.outcome import CaseResult
from oncontour.pipeline.progress import Clock
from oncontour.pipeline.provenance import RECORD_NAME, case_record
from oncontour.pipeline.results import write_result


def segment_case(
    study: Study,
    folder: Path,
    options: Options | None = None,
    *,
    models: Models | None = None,
    clock: Clock | None = None,
    record: Mapping[str, Any] | None = None,
) -> CaseResult:
    """Segment one study; its files appear in `folder` together at the end, or not at all.

    1. preprocessing: reorient, correct, co-register, find the brain, resample, normalise;
    2. segmentation: probabilities of each region on the working grid;
    3. postprocessing: conditional random field and guided filter (where the plan has them), probabilities to the
       reference's native grid, threshold, holes, islands;
    4. measurement of each region, and how sure it is;
    5. report: masks, JSON, HTML, PDF, and DICOM where asked for.

    Args:
        study: the images.
        folder: the result folder; an older result of that name is replaced.
        options: the choices; `use` and `resume` play no part here.
        models: to share loaded models between cases.
        clock: to go on with one that has timed the reading.
        record: what the result depends on; by default the study's files, the options, versions and bundles.

    Raises:
        OncontourError: the study cannot be used, or the result cannot be written.
    """
    check_sufficient(study.name, study.images)
    options = options or Options()
    models = models or Models(options.bundle, options.engine)
    clock = clock or Clock(study.name)
    if record is None:
        files = dict.fromkeys(file for image in study.images.values() for file in image.files)
        record = case_record(files, options, models.record)
    with result_folder(folder) as part:
        result = _segment_into(part, study, options, models, clock)
        write_json(part / RECORD_NAME, record)
    return replace(result, folder=folder)


def _segment_into(part: Path, study: Study, options: Options, models: Models, clock: Clock) -> CaseResult:
    from oncontour.measure.certainty import certainty_note
    from oncontour.report import write_quality

    bundle = models.tumour
    found = find_tumour(study, options, models, clock)
    prepared = found.prepared
    result = CaseResult(
        name=study.name,
        folder=part,
        reference=prepared.reference,
        missing=tuple(sequence for sequence in ABSENCE_COSTS if sequence not in study.images),
        measurements=found.measurements,
        checks=(*found.checks, *prepared.checks),
        steps=tuple(clock.steps),
        seconds=clock.seconds,
        decisions=study.decisions,
        notes=(*study.notes, *prepared.notes, *bundle.engine_notes),
        certainty_note=certainty_note(bundle.calibration),
    )
    with clock.stage("writing") as say:
        result = write_result(part, result, found.masks, study, prepared, bundle, dicom=options.dicom)
        say("Masks, measurements, report and pictures.")
    result = replace(result, steps=tuple(clock.steps), seconds=clock.seconds)
    write_quality(
        part / "quality.json",
        name=result.name,
        version=oncontour.__version__,
        model_card=bundle.card_line,
        reference=result.reference,
        decisions=result.decisions,
        missing=result.missing,
        notes=result.notes,
        checks=result.checks,
        steps=result.steps,
        seconds=result.seconds,
    )
    return result
