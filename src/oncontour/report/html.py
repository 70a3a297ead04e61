"""The report as one self-contained HTML file."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from oncontour.data.files import write_whole
from oncontour.report import page
from oncontour.report.case import STATEMENT, CaseReport
from oncontour.report.pictures import montage_png

TEMPLATE = "report.html.jinja"


def write_html(case: CaseReport, path: Path, picture: bytes | None = None) -> None:
    """Write the report: one file, no request to anywhere, readable in light and dark, one page when printed.

    Args:
        case: what to tell.
        path: the file.
        picture: `montage_png(case)`, where it has been drawn already.

    Raises:
        OutputError: the file could not be written.
    """
    write_whole(Path(path), lambda part: part.write_text(html(case, picture), "utf-8"))


def html(case: CaseReport, picture: bytes | None = None) -> str:
    """The page's source."""
    return render(
        TEMPLATE,
        case=case,
        picture=embedded(picture or montage_png(case)),
        regions=page.region_rows(case),
        calibrated=page.is_calibrated(case),
        sequences=page.sequence_rows(case),
        unused=page.unused_decisions(case),
        unused_text=page.unused_text(case),
        checks=page.check_rows(case.checks),
        checks_text=page.checks_text(case.checks),
        steps=page.step_texts(case.steps),
        total=f"{case.seconds:.1f} s",
        pictures_note=page.PICTURES_NOTE,
        grid_note=page.grid_note(case),
        statement=STATEMENT,
    )


def render(template: str, **values: object) -> str:
    """A page of one of the room's templates; whatever stands in the values is text, never markup.

    A name that the template needs and is not given is an error.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("oncontour.report", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(template).render(**values)


def embedded(content: bytes) -> str:
    """A picture, or a digest, as a page holds it within: base64."""
    return b64encode(content).decode("ascii")
