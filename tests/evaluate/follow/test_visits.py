"""Which masks make up a follow-up, and tables that cannot be used."""

from __future__ import annotations

from datetime import date

import pytest

from oncontour.core.errors import InputError
from oncontour.evaluate.follow.visits import find_visits, visits_of_table

from .conftest import DAYS


def test_a_table_is_read_and_no_patient(table):
    visits = find_visits([table])
    assert [visit.day for visit in visits][:2] == [date(2024, 2, 11), date(2024, 1, 2)]
    assert [visit.mask.parent.name for visit in visits] == ["case-1", "case-0", "case-3", "case-2"]
    assert (visits[0].steroids, visits[0].clinical, visits[0].new_lesion) == ("stable", "stable", False)
    assert (visits[1].steroids, visits[1].clinical, visits[1].new_lesion) == ("unknown", "unknown", None)
    assert "Doe" not in repr(visits)


def test_cases_and_label_maps_with_days_or_dates(cases):
    sources = [cases[0], cases[1] / "segmentation.nii.gz"]
    assert [visit.day for visit in find_visits(sources, days=DAYS[:2])] == [0, 40]
    dates = [date(2024, 1, 1), date(2024, 2, 1)]
    visits = find_visits(sources, dates=dates)
    assert [visit.day for visit in visits] == dates
    assert visits[0].measurements == cases[0] / "measurements.json"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("when,mask\n0,case-0\n", "columns when, mask; expected one of the columns 'date' and 'day'"),
        ("day,date,mask\n0,2024-01-01,case-0\n", "one of the columns"),
        ("day,file\n0,case-0\n", "a column 'mask'"),
        ("day,mask\n", "no row"),
        ("day,mask\nfirst,case-0\n", "row 2: found 'first'; expected a whole number"),
        ("date,mask\n17.03.24,case-0\n", "row 2: found 8 characters that are no date"),
        ("day,mask\n0,\n", "row 2: found no mask"),
        ("day,mask\n0,case-9\n", r"row 2: .*case-9: found nothing of that name"),
        ("day,mask\n0,.\n", "a folder without segmentation.nii.gz"),
        ("day,mask,steroids\n0,case-0,lots\n", "steroids: found 'lots'; expected one of none, stable"),
        ("day,mask,clinical\n0,case-0,fine\n", "clinical: found 'fine'"),
        ("day,mask,new_lesion\n0,case-0,two\n", "new_lesion: found 'two'; expected yes, no"),
        ("day,mask,baseline\n0,case-0,\n40,case-1,no\n", "0 rows marked in the column 'baseline'"),
        ("day,mask,baseline\n0,case-0,yes\n40,case-1,1\n", "2 rows marked"),
    ],
)
def test_tables_that_cannot_be_used(cases, text, message):
    path = cases[0].parent / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as refused:
        visits_of_table(path)
    assert "17.03.24" not in str(refused.value)


def test_days_that_do_not_match_are_refused(cases, table):
    with pytest.raises(InputError, match="neither days nor dates"):
        find_visits(cases)
    with pytest.raises(InputError, match="days and dates"):
        find_visits(cases[:1], days=[0], dates=[date(2024, 1, 1)])
    with pytest.raises(InputError, match="2 days for 4 masks"):
        find_visits(cases, days=[0, 1])
    with pytest.raises(InputError, match="days beside it"):
        find_visits([table], days=[0])
