"""Records as tables: a column a field, a row a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, fields
from math import isnan
from pathlib import Path
from typing import Any

from oncontour.data.datasets.tables import write_table


def write_records(path: Path, kind: type, records: Iterable[Any]) -> None:
    """Write records of one dataclass as CSV, in full precision.

    Args:
        path: of the table.
        kind: their dataclass; its fields are text, numbers and truth values.
        records: none gives the names of columns alone.

    Raises:
        OutputError: the file cannot be written.
    """
    columns = [field.name for field in fields(kind)]
    write_table(path, columns, (dict(zip(columns, map(cell, astuple(one)), strict=True)) for one in records))


def cell(value: object) -> str:
    """Text of a table's cell: full precision, true and false as 1 and 0, nothing for NaN.

    >>> cell(0.1), cell(True), cell(float("nan"))
    ('0.1', '1', '')
    """
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return "" if isnan(value) else repr(value)
    return str(value)
