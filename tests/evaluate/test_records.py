"""What is written as a table is read as the same records."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import pytest

from oncontour.core.errors import InputError
from oncontour.evaluate.records import read_records, write_records


@dataclass(frozen=True)
class Record:
    case: str
    dice: float
    voxels: int
    missing: bool


def test_records_come_back_as_they_were(tmp_path):
    path = tmp_path / "records.csv"
    written = [Record("a, b", 1 / 3, 12, True), Record("c", float("nan"), 0, False)]
    write_records(path, Record, written)
    first, second = read_records(path, Record)
    assert first == written[0]
    assert (second.case, second.voxels, second.missing) == ("c", 0, False)
    assert isnan(second.dice)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("case,dice,voxels\na,1.0,2\n", "without 'missing'"),
        ("case,dice,voxels,missing\na,x,2,0\n", "cell that is none"),
    ],
)
def test_another_table_is_refused(tmp_path, text, message):
    path = tmp_path / "records.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=message):
        read_records(path, Record)
