"""Records as tables: a column a field, a row a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, fields
from math import isnan
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from oncontour.core.errors import InputError
from oncontour.data.datasets.tables import read_table, write_table

Record = TypeVar("Record")


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


def read_records(path: Path, kind: type[Record]) -> tuple[Record, ...]:
    """Read what `write_records` wrote.

    Args:
        path: of the table.
        kind: the records' dataclass.

    Raises:
        InputError: no table of these records.
    """
    kinds: Mapping[str, type] = get_type_hints(kind)
    table = read_table(path)
    try:
        return tuple(kind(**{name: _READ[own](row[name]) for name, own in kinds.items()}) for row in table.rows)
    except (KeyError, ValueError) as error:
        found = f"a table without {error}" if isinstance(error, KeyError) else f"a cell that is none ({error})"
        raise InputError(path, found, f"columns {', '.join(kinds)}", "Write it anew.") from error


_READ: Mapping[type, Callable[[str], Any]] = {
    str: str,
    int: int,
    bool: lambda text: bool(int(text)),
    float: lambda text: float(text or "nan"),
}


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
