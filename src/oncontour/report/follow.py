"""A follow-up written out: picture, tables, JSON, and one page for a reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import oncontour
from oncontour.data.files import explained, write_json, write_whole
from oncontour.drawing.files import png, write_figure
from oncontour.evaluate.follow.figure import draw
from oncontour.evaluate.follow.run import FollowUp
from oncontour.evaluate.follow.tables import document, rows
from oncontour.measure.assessment import Assessment
from oncontour.measure.change import Change
from oncontour.measure.criteria import CATEGORY_WORDS, RULES, THRESHOLDS, Rule
from oncontour.measure.interval import Interval
from oncontour.measure.response_words import signed_percent, size_text
from oncontour.report.case import STATEMENT
from oncontour.report.html import embedded, render
from oncontour.report.page import NOTHING, volume_text

TEMPLATE = "follow.html.jinja"

STEM = "follow"

RULE_TITLES: dict[Rule, str] = {"volume": "By volume", "area": "By area"}

NOT_JUDGED = (
    "Not judged here, and left to a reader: whether a lesion is new, signal on T2/FLAIR outside the region followed, "
    "pseudoprogression after radiotherapy, pseudoresponse under antiangiogenic drugs."
)


@dataclass(frozen=True)
class Judged:
    """What one rule says of a scan, ready to be shown.

    Args:
        size, interval: with units; the interval is empty where there is none.
        from_baseline, over_nadir: relative changes.
        category, title: its letters and words; empty letters: not judged.
        note: such as "unconfirmed".
        words: why.
    """

    size: str
    interval: str
    from_baseline: str
    over_nadir: str
    category: str
    title: str
    note: str
    words: str

    @property
    def shown(self) -> str:
        """Category and note in words."""
        return f"{self.title}, {self.note}" if self.note else self.title


@dataclass(frozen=True)
class Row:
    """A scan of the page's table."""

    when: str
    inputs: str
    lesions: str
    judged: dict[Rule, Judged]


def write_follow_up(follow_up: FollowUp, out: Path, *, show_dates: bool = False) -> tuple[Path, ...]:
    """Write follow.png, follow.pdf, follow.csv, follow.json and follow.html.

    Args:
        out: folder, made where it is not there.
        show_dates: tell dates too; else days since baseline alone, which say less of a patient.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    figure = draw(follow_up)
    written = write_figure(figure, out / STEM, rows(follow_up, show_dates=show_dates))
    content, page = out / f"{STEM}.json", out / f"{STEM}.html"
    write_json(content, document(follow_up, oncontour.__version__, STATEMENT, show_dates=show_dates))
    source = html(follow_up, png(figure), show_dates=show_dates)
    write_whole(page, lambda part: part.write_text(source, "utf-8"))
    return *written, content, page


def html(follow_up: FollowUp, picture: bytes, *, show_dates: bool = False) -> str:
    """The page's source: one file, no request to anywhere."""
    return render(
        TEMPLATE,
        title=f"{follow_up.region.name}, {follow_up.region.title}",
        criteria=follow_up.criteria,
        findings=findings(follow_up),
        picture=embedded(picture),
        rules=RULE_TITLES,
        rows=page_rows(follow_up, show_dates=show_dates),
        notes=follow_up.notes,
        limits={RULE_TITLES[rule]: limits.source for rule, limits in THRESHOLDS.items()},
        not_judged=NOT_JUDGED,
        statement=STATEMENT,
        version=oncontour.__version__,
    )


def findings(follow_up: FollowUp) -> str:
    """The last scan in one sentence."""
    last = {rule: follow_up.responses[rule][-1] for rule in RULES}
    if any(one.role != "follow-up" for one in last.values()):
        return "No scan after the baseline."
    parts = [f"{RULE_TITLES[rule].lower()} {_judged(last[rule], rule, None).shown}" for rule in RULES]
    return f"Last scan, day {last['area'].day}: {', '.join(parts)}."


def page_rows(follow_up: FollowUp, *, show_dates: bool = False) -> list[Row]:
    """A row a scan."""
    return [_row(follow_up, number, show_dates) for number in range(len(follow_up.scans))]


def _row(follow_up: FollowUp, number: int, show_dates: bool) -> Row:
    scan = follow_up.scans[number]
    size, visit = scan.regions[follow_up.region.name], scan.visit
    judged = {rule: follow_up.responses[rule][number] for rule in RULES}
    when = f"Day {judged['area'].day}"
    if show_dates and isinstance(visit.day, date):
        when += f", {visit.day.isoformat()}"
    measurable = sum(lesion.measurable for lesion in size.lesions)
    new = {True: "new lesion", False: "no new lesion", None: ""}[visit.new_lesion]
    said = [
        *([new] if new else []),
        *([f"steroids {visit.steroids}"] if visit.steroids != "unknown" else []),
        *([f"clinically {visit.clinical}"] if visit.clinical != "unknown" else []),
    ]
    return Row(
        when=when,
        inputs=", ".join(said) or NOTHING,
        lesions=f"{measurable} of {len(size.lesions)}",
        judged={rule: _judged(judged[rule], rule, size.solid_interval if rule == "volume" else None) for rule in RULES},
    )


def _judged(one: Assessment, rule: Rule, interval: Interval | None) -> Judged:
    return Judged(
        size=size_text(one.size, rule),
        interval=f"{volume_text(interval.low)} to {volume_text(interval.high)}" if interval else "",
        from_baseline=_percent(one.from_baseline),
        over_nadir=_percent(one.over_nadir),
        category=one.category or "",
        title=CATEGORY_WORDS[one.category] if one.category else one.role,
        note="unconfirmed" if one.confirmed is False else "confirmed" if one.confirmed else "",
        words=one.words,
    )


def _percent(one: Change | None) -> str:
    if one is None:
        return NOTHING
    return "new" if one.relative is None else signed_percent(one.relative)
