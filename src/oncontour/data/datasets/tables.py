"""The two small files that any data set may have beside it: cases.csv and labels.json.

    cases.csv    case, patient, and any other columns: who a case is of, and what else is known. A column `split` that
                 says "test" keeps a case out of training. With image columns it is a layout of its own (`manifest`).
    labels.json  {"scheme": "brats", "labels": {"NCR": [1, 3], "ED": 2, "ET": 4}}: what the values of masks mean.

Both go before whatever the layout says. `oncontour convert` writes both, so that nothing is lost on the way.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.dataset import DatasetCase
from oncontour.data.datasets.labels import Convention
from oncontour.data.files import write_json, write_whole

CASES, LABELS = "cases.csv", "labels.json"

CASE, PATIENT, STORED_AS = "case", "patient", "stored_as"
"""Columns with a meaning of ours. `stored_as`: the case's name in the layout, where it is another (BIDS)."""


@dataclass(frozen=True)
class Table:
    """A table: its columns, and a mapping from column to text for each row."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


def read_table(path: Path) -> Table:
    """Read a table with a header; commas, semicolons or tabs between the columns.

    Raises:
        InputError: not readable, no header, a column named twice, or a row of more cells than columns.
    """
    expected = "a table with a line of column names, UTF-8"
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = f"a file that cannot be read ({type(error).__name__})"
        raise InputError(path, found, expected, "Save it as CSV in UTF-8.") from error
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in line)]
    if not lines:
        raise InputError(path, "an empty table", expected, "Give the table with its first line.")
    columns = tuple(cell.strip() for cell in lines[0])
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        found = f"the column {doubled[0]!r} twice" if doubled[0] else "columns without a name"
        raise InputError(path, found, "columns of different names", "Rename one.")
    rows = []
    for number, cells in enumerate(lines[1:], start=2):
        if len(cells) > len(columns):
            found = f"{len(cells)} cells in row {number}"
            raise InputError(path, found, f"at most {len(columns)}", "Put text that holds the separator into quotes.")
        padded = [*(cell.strip() for cell in cells), *[""] * (len(columns) - len(cells))]
        rows.append(dict(zip(columns, padded, strict=True)))
    return Table(columns, tuple(rows))


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]], delimiter: str = ",") -> None:
    """Write a table, whole or not at all; missing cells are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), restval="", delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, lambda part: part.write_text(text.getvalue(), "utf-8"))


def with_cases_table(cases: Iterable[DatasetCase], root: Path) -> tuple[DatasetCase, ...]:
    """The cases with their names, patients and columns from cases.csv, where it lies beside the data.

    Raises:
        InputError: it names a case twice, or has no column `case`.
    """
    path = root / CASES
    if not path.is_file():
        return tuple(cases)
    table = read_table(path)
    if CASE not in table.columns:
        raise InputError(path, f"columns {', '.join(table.columns)}", f"a column {CASE!r}", "Name the column of cases.")
    check_once(path, (row[CASE] for row in table.rows))
    rows = {row.get(STORED_AS) or row[CASE]: row for row in table.rows}
    return tuple(_with_row(case, rows.get(case.name)) for case in cases)


def _with_row(case: DatasetCase, row: Mapping[str, str] | None) -> DatasetCase:
    if row is None:
        return case
    kept = {name: text for name, text in row.items() if name not in (CASE, PATIENT, STORED_AS) and text}
    return replace(case, name=row[CASE], patient=row.get(PATIENT) or case.patient, columns=kept)


def check_once(path: Path, names: Iterable[str]) -> None:
    """Refuse a table that names a case twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(path, f"case {name!r} twice", "one row a case", "Remove or rename one.")
        seen.add(name)


def write_cases_table(root: Path, cases: Iterable[DatasetCase], stored: Mapping[str, str]) -> None:
    """Write cases.csv: every case's patient and columns, and its name in the layout where that is another."""
    cases = list(cases)
    others = list(dict.fromkeys(name for case in cases for name in case.columns))
    renamed = [STORED_AS] if any(stored[case.name] != case.name for case in cases) else []
    rows = [
        {CASE: case.name, PATIENT: case.patient, **dict.fromkeys(renamed, stored[case.name]), **case.columns}
        for case in cases
    ]
    write_table(root / CASES, [CASE, PATIENT, *renamed, *others], rows)


def read_labels_file(root: Path) -> Convention | None:
    """What labels.json says, where it lies beside the data.

    Raises:
        InputError: it is no such file, or names what its scheme does not have.
    """
    path = root / LABELS
    if not path.is_file():
        return None
    expected = '{"scheme": "brats", "labels": {"NCR": [1, 3], "ED": 2, "ET": 4}}'
    try:
        content = json.loads(path.read_text("utf-8"))
        scheme = str(content["scheme"])
        given = [(name, value if isinstance(value, list) else [value]) for name, value in content["labels"].items()]
        labels = {int(value): str(name) for name, values in given for value in values}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"a file that cannot be used ({type(error).__name__})"
        raise InputError(path, found, expected, "Write it so.") from error
    if scheme not in SCHEMES:
        raise InputError(path, f"scheme {scheme!r}", f"one of {', '.join(SCHEMES)}", "Correct the scheme's name.")
    known = [one.name for one in SCHEMES[scheme].labels]
    unknown = sorted(set(labels.values()) - set(known))
    if unknown:
        expected = f"labels of {scheme}: {', '.join(known)}"
        raise InputError(path, f"labels {', '.join(unknown)}", expected, "Correct the names.")
    return Convention(f"as {LABELS} says", scheme, labels)


def write_labels_file(root: Path, scheme: str) -> None:
    """Write labels.json with the scheme's own values."""
    labels = {one.name: one.value for one in SCHEMES[scheme].labels}
    write_json(root / LABELS, {"scheme": scheme, "labels": labels})
