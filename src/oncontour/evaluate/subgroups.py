"""An evaluation by what a table says of its cases: histology, new or recurrent, scanner, site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.data.datasets.tables import CASE, check_once, read_table, write_table
from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.records import cell
from oncontour.evaluate.statistics.groups import Groups, compare_groups
from oncontour.evaluate.statistics.multiple import benjamini_hochberg
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.summary import RegionSummary, summarise, values_of
from oncontour.evaluate.tables import SUMMARY_COLUMNS, summary_rows

NOT_GIVEN = "not given"
"""The group of cases of which the table does not say; no test counts it, since it is no value."""

MOST_VALUES = 20
"""A column of more values is a measurement or a name, not a grouping; it is used where it is asked for."""

LEAST = 2
"""Cases that a group must have to be tested."""

TESTED = ("dice", "hd95")
"""What values of a column are compared by, in cases whose reference has the region."""


@dataclass(frozen=True)
class GroupTable:
    """What cases differ in.

    Args:
        columns: that may make subgroups.
        rows: case -> column -> value, empty where it is not given.
        asked: whether these columns were asked for; else those that do not group are left out.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    asked: bool


@dataclass(frozen=True)
class Subgroup:
    """Cases of one value.

    Args:
        column, value: of the table.
        cases: their names.
        summaries: of every region.
    """

    column: str
    value: str
    cases: tuple[str, ...]
    summaries: tuple[RegionSummary, ...]


@dataclass(frozen=True)
class SubgroupTest:
    """Whether one metric of one region differs between the values of a column.

    Args:
        column, region, metric: names.
        sizes: value -> cases whose reference has the region, of the values that were tested.
        left_out: values with fewer than `LEAST` of them.
        found: the test, with its post hoc pairs.
        adjusted_p: of the test, by Benjamini and Hochberg over the family.
    """

    column: str
    region: str
    metric: str
    sizes: Mapping[str, int]
    left_out: tuple[str, ...]
    found: Groups
    adjusted_p: float


@dataclass(frozen=True)
class Subgroups:
    """All columns of a table.

    Args:
        groups: in the order of columns, then of values.
        tests: likewise.
        families: metric -> what its P values were adjusted over, in words.
        not_given: cases that the table lacks.
        unknown: cases of the table that were not evaluated.
        not_used: column -> why it makes no subgroups.
    """

    groups: tuple[Subgroup, ...]
    tests: tuple[SubgroupTest, ...]
    families: Mapping[str, str]
    not_given: tuple[str, ...]
    unknown: tuple[str, ...]
    not_used: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that make subgroups."""
        return tuple(dict.fromkeys(group.column for group in self.groups))


def read_groups(table: Path, columns: Sequence[str] = ()) -> GroupTable:
    """Read what cases differ in.

    Args:
        table: CSV with a column `case`, and any others.
        columns: that make subgroups; by default all but those of more than `MOST_VALUES` values.

    Raises:
        InputError: no such table or column, no column beside `case`, or a case twice.
    """
    content = read_table(table)
    for column in (CASE, *columns):
        if column not in content.columns:
            found = f"columns {', '.join(content.columns)}"
            raise InputError(table, found, f"a column {column!r}", "Name the column as the table does.")
    others = [name for name in columns or content.columns if name != CASE]
    if not others:
        raise InputError(table, f"the column {CASE} alone", "another beside it", "Add what cases differ in.")
    check_once(table, (row[CASE] for row in content.rows))
    rows = {row[CASE]: {name: row[name] for name in others} for row in content.rows}
    return GroupTable(tuple(others), rows, asked=bool(columns))


def find_subgroups(
    scores: Sequence[RegionScore], table: GroupTable, penalty_mm: float, known: Iterable[str] = ()
) -> Subgroups:
    """Summarise and compare the cases by the columns of a table.

    Args:
        scores: of all cases.
        table: what they differ in.
        penalty_mm: what an undefined distance counts as.
        known: cases that are none of the unknown, though nothing could be scored of them.
    """
    cases = tuple(dict.fromkeys(score.case for score in scores))
    said = {
        column: {case: table.rows.get(case, {}).get(column) or NOT_GIVEN for case in cases} for column in table.columns
    }
    not_used = {} if table.asked else {name: why for name, values in said.items() if (why := _no_grouping(values))}
    said = {name: values for name, values in said.items() if name not in not_used}
    groups = tuple(group for name, values in said.items() for group in _groups(scores, name, values, penalty_mm))
    tests, families = _tests(scores, said, penalty_mm)
    unknown = tuple(sorted(set(table.rows) - set(cases) - set(known)))
    return Subgroups(
        groups, tests, families, tuple(case for case in cases if case not in table.rows), unknown, not_used
    )


def _no_grouping(values: Mapping[str, str]) -> str:
    given = [value for value in values.values() if value != NOT_GIVEN]
    different = set(given)
    if not different:
        return "it is empty"
    if len(different) > MOST_VALUES:
        return f"{len(different)} values"
    return "each case has its own value" if len(different) == len(given) > 1 else ""


def _groups(
    scores: Sequence[RegionScore], column: str, values: Mapping[str, str], penalty_mm: float
) -> Iterable[Subgroup]:
    for value in _ordered(values.values()):
        own = [score for score in scores if values[score.case] == value]
        cases = tuple(case for case, one in values.items() if one == value)
        yield Subgroup(column, value, cases, summarise(own, penalty_mm))


def _ordered(values: Iterable[str]) -> list[str]:
    """By name; those not given last."""
    return sorted(set(values), key=lambda value: (value == NOT_GIVEN, value))


def _tests(
    scores: Sequence[RegionScore], said: Mapping[str, Mapping[str, str]], penalty_mm: float
) -> tuple[tuple[SubgroupTest, ...], dict[str, str]]:
    regions = dict.fromkeys(score.region for score in scores)
    every: list[SubgroupTest] = []
    families = {}
    for metric in TESTED:
        made = [
            test
            for column, values in said.items()
            for region in regions
            if (test := _test([one for one in scores if one.region == region], column, values, metric, penalty_mm))
        ]
        adjusted = benjamini_hochberg([test.found.overall.p for test in made])
        every += [replace(test, adjusted_p=float(p)) for test, p in zip(made, adjusted, strict=True)]
        used = dict.fromkeys(test.column for test in made)
        families[metric] = f"{len(made)} tests of {metric}: {len(used)} columns, {len(regions)} regions"
    return tuple(every), families


def _test(
    rows: Sequence[RegionScore], column: str, values: Mapping[str, str], metric: str, penalty_mm: float
) -> SubgroupTest | None:
    """None where fewer than two values have enough cases."""
    groups = {
        value: values_of([row for row in rows if values[row.case] == value and not row.ref_empty], metric, penalty_mm)
        for value in _ordered(values.values())
        if value != NOT_GIVEN
    }
    enough = {value: found for value, found in groups.items() if len(found) >= LEAST}
    if len(enough) < 2:
        return None
    sizes = {value: len(found) for value, found in enough.items()}
    left_out = tuple(value for value in groups if value not in enough)
    return SubgroupTest(column, rows[0].region, metric, sizes, left_out, compare_groups(enough), float("nan"))


TEST_COLUMNS = (
    "column", "region", "metric", "cases", "first", "second", "test", "n", "statistic", "p", "p_adjusted", "family",
    "effect", "effect_size", "left_out",
)  # fmt: skip


def write_subgroups(found: Subgroups, out: Path) -> tuple[Path, Path]:
    """Write subgroups.csv, as summary.csv with a column and its value before; and subgroup_tests.csv.

    Raises:
        OutputError: a file cannot be written.
    """
    table, tests = out / "subgroups.csv", out / "subgroup_tests.csv"
    rows = (
        {"column": group.column, "value": group.value, **row}
        for group in found.groups
        for row in summary_rows(group.summaries)
    )
    write_table(table, ("column", "value", *SUMMARY_COLUMNS), rows)
    write_table(tests, TEST_COLUMNS, (row for test in found.tests for row in _test_rows(test, found.families)))
    return table, tests


def _test_rows(one: SubgroupTest, families: Mapping[str, str]) -> Iterable[dict[str, str]]:
    """The test of all values, then those of each two."""
    names = list(one.sizes)
    both = names if len(names) == 2 else ["", ""]
    head = {"column": one.column, "region": one.region, "metric": one.metric, "cases": "present"}
    last = {"left_out": "; ".join(one.left_out)}
    yield head | _test_cells(one.found.overall, one.adjusted_p, families[one.metric], *both) | last
    for pair in one.found.pairs:
        yield head | _test_cells(pair.test, pair.adjusted_p, one.found.adjusted_by, pair.first, pair.second) | last


def _test_cells(test: Test, adjusted_p: float, family: str, first: str, second: str) -> dict[str, str]:
    return {
        "first": first,
        "second": second,
        "test": test.name,
        "n": str(test.n),
        "statistic": cell(test.statistic),
        "p": cell(test.p),
        "p_adjusted": cell(adjusted_p),
        "family": family,
        "effect": test.effect_name,
        "effect_size": cell(test.effect),
    }
