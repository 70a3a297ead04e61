"""Tables of planted scores against figures worked out by hand."""

from __future__ import annotations

import csv

import pytest

from oncontour.experiments.experiment import Arm, Table
from oncontour.experiments.tables import fill, write_tables


@pytest.fixture
def arms():
    arm = Arm(title="an arm", train="some", network="nnunet", scheme="whole")
    return {"one": arm, "two": arm, "never-run": arm}


@pytest.fixture
def scores(score):
    """Dice 0, .4, .6, .8; volumes as large as the truth's; |RVD| 100, 10, 20, 30 %."""
    dice, rvd, common, pred = (0.0, 0.4, 0.6, 0.8), (-1.0, 0.1, -0.2, 0.3), (0, 4, 6, 8), (0, 10, 10, 10)
    rows = [
        score(
            f"case-{n}", dice=dice[n], rvd=rvd[n], voxels_common=common[n], voxels_pred=pred[n], voxels_ref=10,
            volume_pred_ml=1.0 + n, volume_ref_ml=1.0 + n,
        )
        for n in range(4)
    ]  # fmt: skip
    return {("one", "test"): rows, ("two", "test"): rows[2:], ("one", "elsewhere"): rows[:1]}


def test_volumes(arms, scores, tmp_path):
    """Quartiles lie at .75 and 2.25 between sorted values; aggregated Dice is 2 x 18 / (30 + 40)."""
    published = {"one": {"dice": ".88 (.72-.91)", "zero": "6.7 (4/60)"}}
    table = Table(
        title="T", kind="volumes", cohort="test", arms=("one", "never-*"), regions=("WT",), published=published
    )
    filled = fill(table, arms, scores)
    (row,) = filled.rows
    assert (row.arm, row.cases) == ("one", 4)
    assert dict(zip(table.columns, row.cells, strict=True)) == {
        "dice": ("0.50 [0.30 to 0.65]", ".88 (.72-.91)"),
        "aggregated": ("0.51", "–"),
        "rvd": ("25.0 [17.5 to 47.5]", "–"),
        "icc": ("1.00 (1.00 to 1.00)", "–"),
        "zero": ("25.0 % (1/4)", "6.7 (4/60)"),
    }
    write_tables([filled], tmp_path)
    (line,) = csv.DictReader((tmp_path / "1.csv").open())
    assert (line["arm"], line["Dice = 0"], line["Dice = 0: paper"]) == ("one", "25.0 % (1/4)", "6.7 (4/60)")
    text = (tmp_path / "1.md").read_text("utf-8").splitlines()
    assert text[0] == "### T"
    assert text[2].count(" | ") == text[4].count(" | ") == 11
    assert "\\|RVD\\| %" in text[2]


@pytest.mark.parametrize(
    ("statistic", "one", "two"),
    [
        ("mean (SD) (median)", "0.45 (0.34) (0.50)", "0.70 (0.14) (0.70)"),
        ("median / mean / SD", "0.50 / 0.45 / 0.34", "0.70 / 0.70 / 0.14"),
        ("mean ± SD, %", "45.00 ± 34.16", "70.00 ± 14.14"),
        ("median (quartiles)", "0.50 [0.30 to 0.65]", "0.70 [0.65 to 0.75]"),
    ],
)
def test_regions(arms, scores, statistic, one, two):
    """Mean .45; SD from .2025 + .0025 + .0225 + .1225 = .35, over 3: .3416."""
    table = Table(title="T", kind="regions", cohort="test", arms=("*",), regions=("WT", "TC"), statistic=statistic)
    filled = fill(table, arms, scores)
    assert [(row.arm, row.cells) for row in filled.rows] == [
        ("one", ((one, "–"), ("–", "–"))),
        ("two", ((two, "–"), ("–", "–"))),
    ]


def test_a_published_column_that_the_table_has_not():
    with pytest.raises(ValueError, match="column 'TC', which is none of WT"):
        Table(title="T", kind="regions", cohort="c", arms=("a",), regions=("WT",), published={"a": {"TC": "1"}})
