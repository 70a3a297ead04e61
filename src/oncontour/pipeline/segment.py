"""Many cases, one after the other: a bad one stops no other, and what is done stays done."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from oncontour.core.errors import OncontourError
from oncontour.core.sequence import Sequence
from oncontour.data.files import output_error
from oncontour.data.inputs import CaseInput, case_of_files, find_cases
from oncontour.data.parallel import each
from oncontour.pipeline.case import segment_case
from oncontour.pipeline.cores import cores_of, use_cores
from oncontour.pipeline.folders import prepare_out, write_error
from oncontour.pipeline.manifest import Manifest, read_volumes
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options
from oncontour.pipeline.outcome import CaseOutcome
from oncontour.pipeline.progress import Clock, Progress, quiet
from oncontour.pipeline.provenance import case_record, is_done

_log = logging.getLogger(__name__)

Inputs = Path | str | Iterable[Path | str] | Mapping[Sequence, Path | str]


def segment(
    inputs: Inputs,
    out: Path | str,
    options: Options | None = None,
    *,
    name: str | None = None,
    workers: int = 1,
    progress: Progress = quiet,
    started: Callable[[list[str]], None] | None = None,
    finished: Callable[[CaseOutcome], None] | None = None,
) -> list[CaseOutcome]:
    """Segment studies; each case's files are in OUT/<case>/ when it is done, and OUT/run.json tells of the run.

    Args:
        inputs: case folders, folders of case folders, DICOM folders or zips; or one case's files by sequence.
        out: made where it is not there.
        options: the choices.
        name: the case's name, where files are given by sequence.
        workers: processes that work on a case each.
        progress: told how far each case is; with several workers nobody is.
        started: told the names of all cases, before the first one begins.
        finished: told of each case when it ends.

    Returns:
        One outcome a case. A case that fails leaves OUT/<case>/error.json, and the others go on.

    Raises:
        OutputError: OUT cannot be written to.
        BundleError: no such model, or a damaged one.

    An interrupt (Ctrl-C) leaves the finished cases and nothing of the one at work.
    """
    choices = options or Options()
    with TemporaryDirectory(prefix="oncontour-") as temporary:

        def find() -> list[CaseInput]:
            return _cases(inputs, name, Path(temporary), choices)

        return segment_cases(
            find, Path(out), choices, workers=workers, progress=progress, started=started, finished=finished
        )


def segment_cases(
    find: Callable[[], list[CaseInput]],
    out: Path,
    options: Options,
    *,
    workers: int = 1,
    progress: Progress = quiet,
    started: Callable[[list[str]], None] | None = None,
    finished: Callable[[CaseOutcome], None] | None = None,
) -> list[CaseOutcome]:
    """`segment`, of cases that are found by a function: called when OUT and the model are seen to be usable."""
    prepare_out(out)
    models = Models(options.bundle, options.engine)
    manifest = Manifest(out, options, models.record)
    outcomes: list[CaseOutcome] = []
    cases = find()
    if started:
        started([case.name for case in cases])
    for outcome in _outcomes(cases, out, options, models, min(workers, len(cases)), progress):
        outcomes.append(outcome)
        manifest.add(outcome)
        if finished:
            finished(outcome)
    return outcomes


def _outcomes(
    cases: list[CaseInput], out: Path, options: Options, models: Models, workers: int, progress: Progress
) -> Iterator[CaseOutcome]:
    """In the order of the cases; processes share the cores evenly."""
    if workers > 1:
        cores = max(cores_of(options) // workers, 1)
        work = partial(_run_elsewhere, out, replace(options, cores=cores))
        yield from each(work, cases, workers, partial(use_cores, cores))
        return
    use_cores(cores_of(options))
    for case in cases:
        yield _run(case, out / case.name, options, models, progress)


def _run_elsewhere(out: Path, options: Options, case: CaseInput) -> CaseOutcome:
    """In a worker process, which loads the models once."""
    return _run(case, out / case.name, options, _models(options.bundle, options.engine), quiet)


_models = cache(Models)


def _cases(inputs: Inputs, name: str | None, temporary: Path, options: Options) -> list[CaseInput]:
    if isinstance(inputs, Mapping):
        return [case_of_files({Sequence(str(sequence)): Path(path) for sequence, path in inputs.items()}, name)]
    paths = [inputs] if isinstance(inputs, str | Path) else inputs
    return find_cases([Path(path) for path in paths], temporary, options.use)


def _run(case: CaseInput, folder: Path, options: Options, models: Models, progress: Progress) -> CaseOutcome:
    began = perf_counter()
    try:
        record = case_record(case.files, options, models.record)
        if options.resume and is_done(folder, record):
            return CaseOutcome(case.name, folder, "skipped", perf_counter() - began, read_volumes(folder))
        clock = Clock(case.name, progress)
        with clock.stage("reading") as say:
            study = case.read()
            say(f"{len(study.images)} sequences of {len(study.decisions)} series or files.")
        result = segment_case(study, folder, options, models=models, clock=clock, record=record)
        volumes = {measured.name: measured.volume_ml for measured in result.measurements}
        return CaseOutcome(case.name, folder, "done", perf_counter() - began, volumes, result)
    except OncontourError as error:
        return _failed(case.name, folder, perf_counter() - began, error)
    except OSError as error:
        return _failed(case.name, folder, perf_counter() - began, output_error(folder, error))
    except Exception as error:  # A mistake of ours must not cost the user the other cases.
        return _failed(case.name, folder, perf_counter() - began, _unexpected(case.where, error))


def _failed(name: str, folder: Path, seconds: float, error: OncontourError) -> CaseOutcome:
    try:
        write_error(folder, error)
    except OncontourError as refusal:
        _log.warning("%s", refusal)
    return CaseOutcome(name, folder, "failed", seconds, {}, error=error)


def _unexpected(where: Path, error: Exception) -> OncontourError:
    """An error nobody foresaw, without its text, which may hold a patient's data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    found = f"an unforeseen {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    _log.debug("unforeseen error", exc_info=error)
    remedy = "Please report this line; it names no patient."
    return OncontourError(where, found, "a study that can be processed", remedy)
