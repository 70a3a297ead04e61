"""The report as one A4 page of PDF with selectable text."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from oncontour.data.files import write_whole
from oncontour.report import page
from oncontour.report.case import STATEMENT, CaseReport
from oncontour.report.pictures import montage_png

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable, Table

MM = 72 / 25.4
"""Points in a millimetre."""

A4 = (210 * MM, 297 * MM)
MARGIN, TOP = 14 * MM, 12 * MM
WIDTH = A4[0] - 2 * MARGIN
COLUMN_GAP = 8 * MM
COLUMN = (WIDTH - COLUMN_GAP) / 2

INK, SOFT, LINE = "#1b1f24", "#59626c", "#dfe3e8"
OK, WARN, FAIL = "#1b7340", "#8a5a00", "#b3261e"
"""On white, letters in each of these but `LINE` have a contrast of at least 5.5 to 1."""

VERDICT_COLOURS = {"ok": OK, "warn": WARN, "fail": FAIL}


def write_pdf(case: CaseReport, path: Path, picture: bytes | None = None) -> None:
    """Write the report as one page.

    Args:
        case: what to tell.
        path: the file.
        picture: `montage_png(case)`, where it has been drawn already.

    Raises:
        OutputError: the file could not be written.
    """
    write_whole(Path(path), lambda part: part.write_bytes(pdf(case, picture)))


def pdf(case: CaseReport, picture: bytes | None = None) -> bytes:
    """The page's bytes; the same case gives the same bytes (no date, no random identifier)."""
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # ASCII85, by reportlab's Python, took half of the page's time and a quarter more room.
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1, pageCompression=1, lang="en")
    canvas.setTitle(f"{case.name}: brain tumour volumetry")
    canvas.setCreator(f"Oncontour {case.version}")
    y = _header(canvas, case, A4[1] - TOP)
    y = _picture(canvas, picture or montage_png(case), y - 3.5 * MM)
    y = _place(canvas, _regions(case), MARGIN, y - 2 * MM)
    y = _place(canvas, _text(case.certainty_note, 7.5, SOFT), MARGIN, y - 0.5 * MM)
    bottom = _footer(canvas, case)
    height = y - 3 * MM - bottom
    _column(canvas, lambda most: _left(case, most), len(case.notes), MARGIN, bottom, height)
    _column(canvas, lambda most: _right(case, most), len(case.checks), MARGIN + COLUMN + COLUMN_GAP, bottom, height)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _header(canvas: Canvas, case: CaseReport, y: float) -> float:
    made = _text(f"Oncontour {case.version} · brain tumour volumetry", 7.5, SOFT, align="right")
    _place(canvas, made, MARGIN + WIDTH / 2, y - 1.2 * MM, WIDTH / 2)
    y = _place(canvas, _text(case.name, 14, INK, bold=True), MARGIN, y, WIDTH * 0.62)
    return _place(canvas, _text(case.findings, 10, INK), MARGIN, y - 1 * MM)


def _picture(canvas: Canvas, png: bytes, y: float) -> float:
    from reportlab.lib.utils import ImageReader

    image = ImageReader(BytesIO(png))
    width, height = image.getSize()
    drawn = WIDTH * height / width
    canvas.drawImage(image, MARGIN, y - drawn, WIDTH, drawn)
    return y - drawn


def _regions(case: CaseReport) -> Table:
    from oncontour.report.marks import Swatch

    calibrated = page.is_calibrated(case)
    more = ("95 % interval", "Predicted Dice") if calibrated else ()
    numbers = ("Volume (mL)", *more, "Share", "Parts", "Longest (mm)")
    heads = ("Region", *numbers, "Side", "Centre x, y, z (mm)")
    rows: list[list[Flowable]] = [
        [_text(head, 7.5, SOFT, align="right" if head in numbers else "left") for head in heads]
    ]
    for row in page.region_rows(case):
        title = _markup(f"<b>{_safe(row.name)}</b>  {_safe(row.title)}", 8.5, INK)
        name = _row([Swatch(row.colour, 8.5), title], 4 * MM, 40 * MM)
        trust = [row.interval, row.dice] if calibrated else []
        values = [row.volume, *trust, row.share, row.components, row.longest]
        cells = [_text(value, 8.5, INK, bold=n == 0, align="right") for n, value in enumerate(values)]
        rows.append([name, *cells, _text(row.side, 8.5, INK), _text(row.centre, 8.5, INK)])
    widths = [40.0, 18, 22, 22, 11, 10, 20, 10, 29] if calibrated else [44.0, 24, 20, 18, 26, 20, 30]
    return _table(rows, widths, pad_left=(len(heads) - 2, len(heads) - 1))


def _left(case: CaseReport, most_notes: int) -> list[Flowable]:
    from oncontour.report.marks import Mark

    story: list[Flowable] = [_heading("Sequences")]
    rows = []
    for row in page.sequence_rows(case):
        if row.missing:
            words = f'<font color="{WARN}"><b>missing</b></font>  {_safe(row.text)}.'
            cell = _row([Mark("warn", WARN, 7.5), _markup(words, 7.5, INK)], 4 * MM, COLUMN - 16 * MM)
        else:
            reference = " · <b>reference</b>" if row.reference else ""
            reason = f'<br/><font color="{SOFT}">{_safe(row.text)}</font>' if row.text else ""
            cell = _markup(f"{_safe(row.source)}{reference}{reason}", 7.5, INK)
        rows.append([_text(row.name, 7.5, INK, bold=True), cell])
    story.append(_table(rows, [12, COLUMN / MM - 12]))
    if unused := page.unused_text(case):
        story.append(_text(unused, 7.5, SOFT))
    if case.notes:
        story.append(_heading("Assumptions and repairs", space=2.5 * MM))
        story += [_text(note, 7.5, INK, bullet=True) for note in case.notes[:most_notes]]
        story += _more(len(case.notes) - most_notes, "note")
    return story


def _right(case: CaseReport, most_checks: int) -> list[Flowable]:
    from oncontour.report.marks import Mark

    story: list[Flowable] = [_heading("Checks", page.checks_text(case.checks))]
    shown = page.check_rows(case.checks)[:most_checks]
    rows = []
    for row in shown:
        colour = VERDICT_COLOURS[row.verdict]
        mark = _row([Mark(row.verdict, colour, 7.5), _text(row.word, 7.5, colour, bold=True)], 3.6 * MM, 15 * MM)
        text = row.value if row.verdict == "ok" else f"{row.value}. {row.text}"
        between = "  " if row.verdict == "ok" else "<br/>"
        cell = _markup(f'{_safe(row.name)}{between}<font color="{SOFT}">{_safe(text)}</font>', 7.5, INK)
        rows.append([mark, cell])
    if rows:
        story.append(_table(rows, [18, COLUMN / MM - 18]))
    return story + _more(len(case.checks) - most_checks, "check")


def _more(count: int, what: str) -> list[Flowable]:
    return [_text(f"{count} more {what}{'s' * (count > 1)} in quality.json.", 7.5, SOFT)] if count > 0 else []


def _footer(canvas: Canvas, case: CaseReport) -> float:
    """Draw the foot of the page; returns where the rest must end."""
    steps = ", ".join(f"{name} {seconds}" for name, seconds in page.step_texts(case.steps))
    lines = [
        _text(STATEMENT, 7.5, INK, bold=True),
        _text(f"Model: {case.model_card}", 7, SOFT),
        *([_text(f"Time {case.seconds:.1f} s; steps, some side by side: {steps}.", 7, SOFT)] if steps else []),
        _text(f"{page.PICTURES_NOTE} {page.grid_note(case)}", 7, SOFT),
    ]
    y = 9 * MM
    for line in reversed(lines):
        _, height = line.wrap(WIDTH, A4[1])
        line.drawOn(canvas, MARGIN, y)
        y += height + 0.6 * MM
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, y + 0.8 * MM, MARGIN + WIDTH, y + 0.8 * MM)
    return y + 3 * MM


def _place(canvas: Canvas, flowable: Flowable, x: float, top: float, width: float = WIDTH) -> float:
    """Draw something below `top`; returns its lower edge."""
    _, height = flowable.wrap(width, A4[1])
    flowable.drawOn(canvas, x, top - height)
    return top - height


def _column(
    canvas: Canvas, build: Callable[[int], list[Flowable]], most: int, x: float, bottom: float, height: float
) -> None:
    """Draw a story from the top of its column, with as many of its items as fit: the most important come first.

    The story itself counts what is left out, which stands in `quality.json` and in the HTML report. Only where it does
    not fit even without any item do letters shrink.
    """
    from reportlab.platypus import Frame, KeepInFrame

    story = next((story for count in range(most, 0, -1) if _height(story := build(count)) <= height), None) or build(0)
    frame = Frame(x, bottom, COLUMN, height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    frame.addFromList([KeepInFrame(COLUMN, height, story, mode="shrink")], canvas)


def _height(story: list[Flowable]) -> float:
    return sum(part.wrap(COLUMN, A4[1])[1] + part.getSpaceBefore() + part.getSpaceAfter() for part in story)


def _heading(text: str, aside: str = "", space: float = 0) -> Flowable:
    more = f'  <font name="Helvetica">{_safe(aside)}</font>' if aside else ""
    return _markup(f"<b>{_safe(text)}</b>{more}", 8, SOFT, space_before=space, space_after=0.8 * MM)


def _text(
    text: str, size: float, colour: str, bold: bool = False, align: str = "left", bullet: bool = False
) -> Flowable:
    safe = _safe(text)
    return _markup(f"<b>{safe}</b>" if bold else safe, size, colour, align, bullet)


def _markup(
    text: str,
    size: float,
    colour: str,
    align: str = "left",
    bullet: bool = False,
    space_before: float = 0,
    space_after: float = 0,
) -> Flowable:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.enums import TA_LEFT, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle(
        "oncontour",
        fontName="Helvetica",
        fontSize=size,
        leading=size * 1.28,
        textColor=HexColor(colour),
        alignment=TA_RIGHT if align == "right" else TA_LEFT,
        leftIndent=2.6 * MM if bullet else 0,
        bulletFontSize=size,
        spaceBefore=space_before,
        spaceAfter=space_after,
    )
    return Paragraph(text, style, bulletText="•" if bullet else None)


def _safe(text: str) -> str:
    """Text without markup; letters that Helvetica lacks (a case may have any name) come from DejaVu Sans."""
    text = text.replace("−", "–")  # Helvetica's character set has no minus; its en dash looks the same
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return f'<font name="{_wide_font()}">{escape(text)}</font>'
    return escape(text)


def _wide_font() -> str:
    import matplotlib
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    name = "DejaVuSans"
    if name not in pdfmetrics.getRegisteredFontNames():
        file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
        pdfmetrics.registerFont(TTFont(name, str(file)))
        pdfmetrics.registerFontFamily(name, normal=name, bold=name, italic=name, boldItalic=name)
    return name


def _row(cells: list[Flowable], first: float, rest: float) -> Table:
    """A mark and the text beside it."""
    from reportlab.platypus import Table

    sides = ("LEFT", "RIGHT", "TOP", "BOTTOM")
    style: list[tuple] = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in sides]
    style.append(("VALIGN", (0, 0), (-1, -1), "TOP"))
    return Table([cells], [first, rest], style=style, hAlign="LEFT")


def _table(rows: list[list[Flowable]], widths_mm: list[float], pad_left: tuple[int, ...] = ()) -> Table:
    from reportlab.platypus import Table

    style: list[tuple] = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0.9 * MM),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.9 * MM),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -2), 0.4, LINE),
        *(("LEFTPADDING", (column, 0), (column, -1), 4 * MM) for column in pad_left),
    ]
    return Table(rows, [width * MM for width in widths_mm], style=style, hAlign="LEFT")
