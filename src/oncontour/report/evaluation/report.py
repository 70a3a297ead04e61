"""What is told of an evaluation beside its tables: subgroups, failures, uncertainty, and the page that shows it all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from oncontour.data.files import explained, write_whole
from oncontour.evaluate.failures import BELOW, PICTURED, find_failures, write_failures
from oncontour.evaluate.metrics.lesionwise import PENALTY_MM
from oncontour.evaluate.run import Evaluation
from oncontour.evaluate.subgroups import GroupTable, find_subgroups, write_subgroups
from oncontour.evaluate.uncertainty import judge_uncertainty, write_uncertainty
from oncontour.report.evaluation.html import write_page
from oncontour.report.evaluation.thumbnails import thumbnail

PAGE, THUMBNAILS = "report.html", "failures"
"""The page; the folder of thumbnails, numbered as failures.csv lists them."""

OPTIONAL = ("subgroups.csv", "subgroup_tests.csv", "uncertainty.json", "uncertainty.csv", "reliability.csv")
"""Files that not every evaluation writes: those of an earlier one go, lest they be taken for this one's."""


def report_evaluation(
    found: Evaluation,
    out: Path,
    *,
    subgroups: GroupTable | None = None,
    failures_below: float = BELOW,
    failures_in: str = "",
    figures: Sequence[Path] = (),
    workers: int = 1,
) -> tuple[Path, ...]:
    """Write subgroups, failures with thumbnails, uncertainty, and report.html.

    Args:
        found: what was evaluated.
        out: folder; it is made.
        subgroups: what cases differ in (`evaluate.subgroups.read_groups`).
        failures_below: Dice below which a case failed.
        failures_in: region whose Dice that is; by default the scheme's first.
        figures: files of charts (`evaluate.figures.write`), whose PNGs the page shows.
        workers: processes.

    Returns:
        The files written, the page last.

    Raises:
        InputError: no such region.
        OutputError: a file cannot be written.
    """
    penalty = found.summaries[0].penalty_mm if found.summaries else PENALTY_MM
    known = [pair.case for pair in found.pairs]
    groups = find_subgroups(found.scores, subgroups, penalty, known) if subgroups else None
    failures = find_failures(found.pairs, found.scores, found.measures, failures_below, failures_in, workers)
    sure = judge_uncertainty(found.pairs, found.scores, found.measures, workers)
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        for name in OPTIONAL:
            (out / name).unlink(missing_ok=True)
    written = [*(write_subgroups(groups, out) if groups else ()), write_failures(failures, out)]
    written += write_uncertainty(sure, out)
    pictures = [thumbnail(one.plane) if one.plane else None for one in failures.found[:PICTURED]]
    _write_thumbnails(pictures, out / THUMBNAILS)
    charts = sorted(path for path in figures if path.suffix == ".png")
    write_page(out / PAGE, found, failures, pictures, sure, groups, charts)
    return (*written, out / PAGE)


def _write_thumbnails(pictures: Sequence[bytes | None], folder: Path) -> None:
    """Number n is row n of failures.csv; those of an earlier evaluation go."""
    with explained(folder):
        for old in folder.glob("[0-9][0-9][0-9].png"):
            old.unlink()
        if any(pictures):
            folder.mkdir(exist_ok=True)
    for n, picture in enumerate(pictures, start=1):
        if picture is not None:
            write_whole(folder / f"{n:03d}.png", lambda part, content=picture: part.write_bytes(content))
