"""Which masks make up a follow-up: a table, or the cases of `oncontour segment` with their days.

    visits.csv    date or day, mask, and any of new_lesion, steroids, clinical, baseline

`mask` is a label map or a case's folder, as seen from the table. Columns that name a patient are not read. No message
tells a date: it names the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from oncontour.core.errors import InputError
from oncontour.data.datasets.tables import Table, read_table
from oncontour.evaluate.pairs import MEASUREMENTS, RESULT, beside
from oncontour.measure.assessment import CLINICAL, STEROIDS, Clinical, Steroids

DATE, DAY, MASK, BASELINE = "date", "day", "mask", "baseline"

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")

_YES_NO: Mapping[str, bool | None] = {"yes": True, "no": False, "1": True, "0": False, "true": True, "false": False}


Word = TypeVar("Word", bound=str)


@dataclass(frozen=True)
class Visit:
    """One scan, before anything of it is read.

    Args:
        name: how messages call it, such as "row 2".
        day: date, or number of days since any day.
        mask: label map.
        new_lesion: None: not known.
        steroids, clinical: see `oncontour.measure.assessment`.
        baseline: whether it was marked so.
    """

    name: str
    day: int | date
    mask: Path
    new_lesion: bool | None = None
    steroids: Steroids = "unknown"
    clinical: Clinical = "unknown"
    baseline: bool = False

    @property
    def measurements(self) -> Path | None:
        """Where the case's measurements lie; None for a label map that is not of a case."""
        return beside(self.mask, MEASUREMENTS)


def find_visits(
    sources: Sequence[Path], days: Sequence[int] | None = None, dates: Sequence[date] | None = None
) -> tuple[Visit, ...]:
    """The scans that a table names, or masks and cases one by one.

    Args:
        sources: one table; or label maps and cases' folders.
        days, dates: one of them, as many as label maps; neither with a table.

    Raises:
        InputError: no such files, days that do not match, or a table that cannot be used.
    """
    if len(sources) == 1 and sources[0].suffix.lower() in TABLE_SUFFIXES:
        if days is not None or dates is not None:
            remedy = "Leave out --days and --dates, or name the cases instead."
            raise InputError(sources[0], "a table, and days beside it", "days in the table", remedy)
        return visits_of_table(sources[0])
    given: Sequence[int | date] | None = days if days is not None else dates
    if given is None or (days is not None and dates is not None):
        found = "neither days nor dates" if given is None else "days and dates"
        remedy = "Give --days 0,42,90 or --dates with as many, or a table with the columns day and mask."
        raise InputError("follow-up", f"{len(sources)} masks with {found}", "the day of each", remedy)
    if len(given) != len(sources):
        found = f"{len(given)} days for {len(sources)} masks"
        raise InputError("follow-up", found, "a day for each mask", "Correct --days or --dates.")
    return tuple(
        Visit(f"scan {number}", day, label_map_of(path, f"scan {number}"))
        for number, (path, day) in enumerate(zip(sources, given, strict=True), start=1)
    )


def visits_of_table(path: Path) -> tuple[Visit, ...]:
    """The scans of a table.

    Raises:
        InputError: columns missing, a cell that cannot be read, no row, or not one baseline where there is a column.
    """
    table = read_table(path)
    _check_columns(path, table)
    visits = tuple(_visit(path, number, row) for number, row in enumerate(table.rows, start=2))
    if not visits:
        raise InputError(path, "no row", "a row a scan", "Add the scans.")
    marked = sum(visit.baseline for visit in visits)
    if BASELINE in table.columns and marked != 1:
        found = f"{marked} rows marked in the column {BASELINE!r}"
        raise InputError(path, found, "one", 'Write "yes" in the row of the baseline, or leave the column out.')
    return visits


def label_map_of(path: Path, name: str) -> Path:
    """The label map that a path means: itself, or that of a case's folder.

    Raises:
        InputError: nothing there, or a folder without a result.
    """
    mask = path / RESULT if path.is_dir() else path
    if mask.is_file():
        return mask
    found = f"a folder without {RESULT}" if path.is_dir() else "nothing of that name"
    raise InputError(f"{name}: {path}", found, "a label map, or a case of `oncontour segment`", "Correct the path.")


def parse_date(text: str, where: str | Path) -> date:
    """A date as ISO 8601 writes it.

    Raises:
        InputError: another text; the message does not repeat it.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        found = f"{len(text)} characters that are no date"
        raise InputError(where, found, "a date such as 2024-03-17", "Write it as year-month-day.") from error


def parse_day(text: str, where: str | Path) -> int:
    """A number of days.

    Raises:
        InputError: no whole number.
    """
    try:
        return int(text)
    except ValueError as error:
        raise InputError(where, repr(text), "a whole number of days", "Correct it.") from error


def _check_columns(path: Path, table: Table) -> None:
    found = f"columns {', '.join(table.columns)}"
    if MASK not in table.columns:
        raise InputError(path, found, f"a column {MASK!r}", "Name the column of label maps.")
    if (DATE in table.columns) == (DAY in table.columns):
        raise InputError(path, found, f"one of the columns {DATE!r} and {DAY!r}", "Give the days one way.")


def _visit(path: Path, number: int, row: Mapping[str, str]) -> Visit:
    name = f"row {number}"
    where = f"{path}, {name}"
    if not row[MASK]:
        raise InputError(where, "no mask", "a label map or a case's folder", "Name it, or leave the row out.")
    return Visit(
        name=name,
        day=parse_date(row[DATE], where) if DATE in row else parse_day(row[DAY], where),
        mask=label_map_of(path.parent / row[MASK], name),
        new_lesion=_yes_no(row, "new_lesion", where),
        steroids=_word(row, "steroids", STEROIDS, where),
        clinical=_word(row, "clinical", CLINICAL, where),
        baseline=bool(_yes_no(row, BASELINE, where)),
    )


def _yes_no(row: Mapping[str, str], column: str, where: str) -> bool | None:
    text = row.get(column, "").lower()
    if text in ("", "unknown"):
        return None
    if text not in _YES_NO:
        raise InputError(f"{where}, {column}", repr(text), "yes, no, or nothing", "Correct it.")
    return _YES_NO[text]


def _word(row: Mapping[str, str], column: str, words: tuple[Word, ...], where: str) -> Word:
    text = row.get(column, "").lower() or "unknown"
    for word in words:
        if word == text:
            return word
    raise InputError(f"{where}, {column}", repr(text), f"one of {', '.join(words)}", "Correct the word.")
