"""An evaluation as one self-contained HTML file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from oncontour import __version__
from oncontour.core.labels import SCHEMES
from oncontour.core.versions import installed
from oncontour.data.files import write_whole
from oncontour.evaluate.failures import UNEXPLAINED, Failure, Failures
from oncontour.evaluate.run import Evaluation
from oncontour.evaluate.subgroups import Subgroups
from oncontour.evaluate.uncertainty import Uncertainty
from oncontour.report.case import STATEMENT
from oncontour.report.evaluation import sections, tables
from oncontour.report.evaluation.thumbnails import PREDICTION, REFERENCE
from oncontour.report.evaluation.words import METRICS
from oncontour.report.html import embedded, render
from oncontour.report.page import volume_text

TEMPLATE, SCRIPT = "evaluation.html.jinja", "sort.js"
"""The script is the only one that the page's policy lets run, by its digest."""

PACKAGES = ("oncontour", "numpy", "scipy", "edt", "connected-components-3d")
"""Whose versions figures may depend on."""


@dataclass(frozen=True)
class Figure:
    """A chart that was drawn of the same evaluation.

    Args:
        name: below it.
        data: the PNG, base64.
    """

    name: str
    data: str


@dataclass(frozen=True)
class Card:
    """A failure and its thumbnail, base64; empty where there is none."""

    failure: Failure
    picture: str


def write_page(
    path: Path,
    found: Evaluation,
    failures: Failures,
    thumbnails: Sequence[bytes | None],
    uncertainty: Uncertainty,
    subgroups: Subgroups | None = None,
    figures: Sequence[Path] = (),
) -> None:
    """Write the page: one file, no request to anywhere, readable in light and dark and in print.

    Args:
        path: the file.
        found: what was evaluated.
        failures: of it.
        thumbnails: of the first failures, in their order; None where one has none.
        uncertainty: what predictions said of themselves.
        subgroups: where a table of them was given.
        figures: PNG files to show.

    Raises:
        OutputError: the file could not be written.
    """
    source = page(found, failures, thumbnails, uncertainty, subgroups, figures)
    write_whole(path, lambda part: part.write_text(source, "utf-8"))


def page(
    found: Evaluation,
    failures: Failures,
    thumbnails: Sequence[bytes | None],
    uncertainty: Uncertainty,
    subgroups: Subgroups | None = None,
    figures: Sequence[Path] = (),
) -> str:
    """The page's source; arguments as for `write_page`."""
    scheme, summaries = SCHEMES[found.measures.scheme], found.summaries
    worst, best = tables.ranked(found.scores, failures.region)
    script = files("oncontour.report").joinpath("templates", SCRIPT).read_text("utf-8")
    return render(
        TEMPLATE,
        title=found.compared,
        version=__version__,
        headline=sections.headline(found),
        counts=sections.counts_text(found),
        absent=found.missing,
        extra=found.extra,
        failed=found.failed,
        volumes=tables.volume_rows(summaries, scheme),
        shown=[METRICS[metric][0] for metric in tables.SHOWN],
        all_rows=tables.summary_lines(summaries, scheme, present=False),
        all_metrics=tables.metric_rows(summaries, present=False),
        present_rows=tables.summary_lines(summaries, scheme, present=True),
        present_metrics=tables.metric_rows(summaries, present=True),
        figures=[
            Figure(file.stem.replace("_", " ").replace("-", " "), embedded(file.read_bytes())) for file in figures
        ],
        grouped=subgroups,
        columns=sections.columns(subgroups) if subgroups else [],
        failures=failures,
        cards=[
            Card(failure, embedded(picture) if picture else "")
            for failure, picture in zip(failures.found, thumbnails, strict=False)
        ],
        criteria=sections.CRITERIA,
        unexplained=UNEXPLAINED,
        reference_colour=REFERENCE,
        prediction_colour=PREDICTION,
        uncertainty=uncertainty,
        sure=sections.sure_rows(uncertainty),
        volume=volume_text,
        worst=worst,
        best=best,
        cases=tables.case_rows(found.scores, [one.region for one in summaries]),
        conventions=sections.conventions(found, scheme),
        versions=installed(PACKAGES),
        statement=STATEMENT,
        script=Markup(script),
        script_digest=embedded(hashlib.sha256(script.encode("utf-8")).digest()),
    )
