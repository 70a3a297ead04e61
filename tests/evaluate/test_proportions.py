"""Shares of the whole tumour, predicted against reference."""

from __future__ import annotations

import csv
import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from oncontour.evaluate.case import RegionScore
from oncontour.evaluate.proportions import BINS, proportions, vasari_bin
from oncontour.evaluate.run import evaluate, write_evaluation
from oncontour.evaluate.statistics import benjamini_hochberg

WHOLE = 1000


def score(case: str, region: str, pred: int, ref: int) -> RegionScore:
    values: dict = {field.name: 0.0 for field in fields(RegionScore)}
    counts = {"voxels_pred": pred, "voxels_ref": ref, "pred_empty": not pred, "ref_empty": not ref}
    return RegionScore(**values | counts | {"case": case, "region": region, "prediction_missing": False})


def case(name: str, *, whole: tuple[int, int] = (WHOLE, WHOLE), **regions: tuple[int, int]) -> list[RegionScore]:
    every = {"WT": whole, **regions}
    return [score(name, region, *counts) for region, counts in every.items()]


@pytest.mark.parametrize(
    ("percent", "name"),
    [
        (0, "0"), (0.001, "to 5"), (5, "to 5"), (5.001, "to 33"), (33, "to 33"), (67, "to 67"), (67.1, "to 95"),
        (95, "to 95"), (95.1, "below 100"), (99.999, "below 100"), (100, "100"),
    ],
)  # fmt: skip
def test_bins_hold_their_upper_ends(percent, name):
    assert BINS[vasari_bin(percent)] == name


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_every_share_has_a_bin_and_only_all_is_all(part, rest):
    assert vasari_bin(100 * part / (part + rest)) < len(BINS) - 1
    assert (vasari_bin(100 * part / (part + rest)) == 0) == (part == 0)


def test_statistics_are_scipys():
    rng = np.random.default_rng(11)
    refs = rng.gamma(2.0, 120, 25).astype(int)
    preds = np.clip(refs + rng.normal(0, 40, 25), 0, None).astype(int)
    scores = [one for n in range(25) for one in case(f"c{n}", ET=(preds[n], refs[n]), ED=(refs[n], preds[n]))]
    found = proportions(scores)
    enhancing = found.regions[0]
    pred, ref = preds / 10, refs / 10
    assert enhancing.n == 25
    normal = min(stats.shapiro(pred).pvalue, stats.shapiro(ref).pvalue) > 0.05
    expected = (stats.pearsonr if normal else stats.spearmanr)(pred, ref)
    assert enhancing.correlation.r == pytest.approx(expected.statistic)
    assert enhancing.agreement.bias == pytest.approx((pred - ref).mean())
    assert enhancing.agreement.high == pytest.approx((pred - ref).mean() + 1.96 * (pred - ref).std(ddof=1))
    assert enhancing.mann_whitney.test.p == pytest.approx(stats.mannwhitneyu(pred, ref).pvalue)
    moved = (pred - ref)[pred != ref]
    assert enhancing.wilcoxon.test.p == pytest.approx(stats.wilcoxon(moved).pvalue)
    raw = [one.wilcoxon.test.p for one in found.regions]
    assert [one.wilcoxon.adjusted_p for one in found.regions] == pytest.approx(benjamini_hochberg(raw))
    assert found.family == "each test on its own over the subregions (ET, ED)"


def test_a_missed_tumour_is_counted_and_is_no_agreement():
    """Reference shares of 0, 20 and 100 %: found in the same bin, in another, not at all; a fourth has no tumour."""
    scores = [
        *case("same", ET=(0, 0)),
        *case("other", ET=(400, 200)),
        *case("missed", whole=(0, WHOLE), ET=(0, WHOLE)),
        *case("healthy", whole=(50, 0), ET=(10, 0)),
    ]
    found = proportions(scores)
    assert [(one.case, one.bin_pred, one.bin_ref) for one in found.shares] == [
        ("same", "0", "0"), ("other", "to 67", "to 33"), ("missed", "", "100"), ("healthy", "to 33", ""),
    ]  # fmt: skip
    (region,) = found.regions
    assert (region.n, region.reference_without_tumour, region.prediction_without_tumour) == (2, 1, 1)
    assert region.same_bin == pytest.approx(1 / 3)
    table = np.array(region.crosstab)
    assert table.sum() == 3
    assert (table[0, 0], table[2, 3], table[6, 7]) == (1, 1, 1)
    assert region.correlation is None
    assert region.agreement.bias == pytest.approx(10)
    json.dumps(found.as_json(), allow_nan=False)


def test_no_tumour_anywhere():
    found = proportions(case("healthy", whole=(0, 0), ET=(0, 0)))
    (region,) = found.regions
    assert (region.n, region.reference_without_tumour) == (0, 1)
    assert (region.mann_whitney, region.wilcoxon, region.agreement) == (None, None, None)
    assert np.isnan(region.same_bin)
    json.dumps(found.as_json(), allow_nan=False)


def test_a_scheme_without_subregions_of_a_whole_says_so():
    for names in (("WT",), ("FLAIR", "ADC", "ET")):
        found = proportions([score("a", name, 10, 10) for name in names])
        assert (found.shares, found.regions) == ((), ())
        assert "nothing to be a share of" in found.as_json()["none"]


def test_an_evaluation_writes_them(folders, tmp_path):
    found = evaluate(*folders, "brats")
    write_evaluation(found, tmp_path / "out")
    rows = {(row["case"], row["region"]): row for row in csv.DictReader((tmp_path / "out/proportions.csv").open())}
    assert set(rows) == {(name, region) for name in "abce" for region in ("TC", "ET")}
    assert float(rows["a", "TC"]["percent_ref"]) == 100 * 27 / 216
    assert (rows["b", "TC"]["percent_pred"], rows["b", "TC"]["bin_pred"]) == ("", "")
    assert rows["c", "ET"]["prediction_missing"] == "1"
    content = json.loads((tmp_path / "out/summary.json").read_text())["proportions"]
    core = content["regions"][0]
    assert (core["region"], core["n"], core["prediction_without_tumour"]) == ("TC", 1, 2)
    assert core["reference_without_tumour"] == 1
    assert content["of"] == "WT"
