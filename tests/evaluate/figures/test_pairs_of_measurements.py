"""Shares and volumes: correlations and limits that stand in the picture are those of the statistics."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.evaluate.figures.bland_altman import bland_altman_plots
from oncontour.evaluate.figures.proportions import proportions, told
from oncontour.evaluate.figures.samples import Measured, shares_of, volumes_of
from oncontour.evaluate.run import evaluate
from oncontour.evaluate.statistics import bland_altman, correlate


def measured(region="ET", model="A", cohort="", n=12, seed=0, noise=0.05):
    random = np.random.default_rng(seed)
    ref = random.uniform(0, 1, n)
    pred = np.clip(ref + random.normal(0, noise, n), 0, 1)
    return Measured(region, model, cohort, tuple(f"c{k}" for k in range(n)), pred, ref)


def test_volumes_and_shares_of_scores(folders):
    scores = evaluate(*folders, "brats").scores
    volumes = {one.region: one for one in volumes_of(scores)}
    assert volumes["WT"].cases == ("a", "b", "c", "e")
    assert volumes["WT"].ref.tolist() == pytest.approx([0.432, 0.432, 0.432, 0])
    shares = {one.region: one for one in shares_of(scores)}
    assert list(shares) == ["TC", "ET"]
    assert shares["TC"].ref == pytest.approx([27 / 216] * 3 + [np.nan], nan_ok=True)
    assert shares["TC"].defined.tolist() == [True, False, False, False]


def test_a_panel_a_region_and_cohort_with_its_correlation(dots, words):
    every = [measured(r, m, c, seed=k) for k, (r, m, c) in enumerate(
        (r, m, c) for c in ("internal", "external") for m in ("A", "B") for r in ("ET", "NET")
    )]  # fmt: skip
    figure, rows = proportions(every)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in shown] == [
        "ET internal", "NET internal", "ET external", "NET external",
    ]  # fmt: skip
    assert dots(shown[0]) == pytest.approx(np.sort(np.r_[every[0].pred, every[2].pred]))
    found = correlate(every[0].pred, every[0].ref)
    assert f"A: {told(found, 12)}" in words(figure)
    assert (rows[0]["r"], rows[0]["p"], rows[0]["n"]) == (found.r, found.p, 12)
    identity = shown[0].lines[0]
    assert np.array_equal(identity.get_xdata(), identity.get_ydata())


def test_shares_of_few_equal_or_undefined_cases(words):
    few, equal = measured("TC", n=2), Measured("ET", "A", "", ("a", "b", "c"), np.zeros(3), np.zeros(3))
    none = Measured("ED", "A", "", ("a",), np.array([np.nan]), np.array([0.2]))
    figure, rows = proportions([few, equal, none])
    assert {"n = 2", "n = 3", "n = 0, 1 undefined"} <= set(words(figure))
    assert [row["r"] for row in rows if row["region"] == "TC"] == [None, None]


def test_bias_and_limits_are_written_at_their_lines(dots):
    one, other = measured("ET", "A"), measured("ET", "B", seed=1, noise=0.3)
    figure, rows = bland_altman_plots([one, other], "mL")
    first, second = figure.axes
    found = bland_altman(one.pred, one.ref)
    assert [line.get_ydata()[0] for line in first.lines[1:]] == pytest.approx([found.low, found.bias, found.high])
    written = [text.get_text() for text in first.texts]
    for value, name in ((found.low, "−1.96 SD"), (found.bias, "bias"), (found.high, "+1.96 SD")):
        assert f"{value:+.3g}  {name}".replace("-", "−") in written
    assert "A, n = 12" in written
    assert dots(first) == pytest.approx(np.sort(one.pred - one.ref))
    assert first.get_ylim() == second.get_ylim()
    row = rows[0]
    assert (row["bias"], row["low"], row["high"], row["n"]) == (found.bias, found.low, found.high, 12)
    assert row["difference"] == row["pred"] - row["ref"]
    assert {row["model"] for row in rows} == {"A", "B"}


def test_one_case_has_no_limits(dots):
    figure, rows = bland_altman_plots([measured(n=1)], "mL")
    assert len(dots(figure.axes[0])) == 1
    assert len(figure.axes[0].lines) == 1  # that of no difference
    assert rows[0]["bias"] is None


def test_undefined_pairs_are_told(words, dots):
    one = measured(n=5)
    one.pred[2] = np.nan
    figure, rows = bland_altman_plots([one], "%")
    assert len(dots(figure.axes[0])) == 4
    assert "A, n = 4, 1 undefined" in words(figure)
    assert len(rows) == 5
