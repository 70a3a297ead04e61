"""Checks of statistics: pingouin, statsmodels, scipy, and every sign and order counted out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pingouin
from scipy import stats
from statsmodels.api import OLS, add_constant
from statsmodels.stats.contingency_tables import SquareTable, Table
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from agreement.check import Check, Figures, Reason
from agreement.samples import Sample, counts, numbers, probabilities, ties
from oncontour.evaluate import statistics as own
from oncontour.evaluate.statistics.paired import rank_sum, wilcoxon

SIGNS = 10
"""Differences of which all signs are counted out: 1,024 of them."""

DRAWS = 9999
"""Of a bootstrap, as ours."""

BY_SCIPY = "both call scipy"


def checks() -> Iterator[tuple[Check, list[Sample]]]:
    """Every statistic beside every peer that has it, and on what."""
    yield from _agreement()
    yield from _pairs()
    yield from _tables()
    yield from _other()


def _agreement() -> Iterator[tuple[Check, list[Sample]]]:
    for form, row in zip(
        own.FORMS, ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)"), strict=True
    ):
        title = f"intraclass_corr, {row}, unrounded"
        yield Check(f"ICC {form}, 95 % interval", f'icc("{form}")', "pingouin", title, _icc(form), _icc_there(row)), [
            *numbers(), *ties(3),
        ]  # fmt: skip
    yield Check("Bland-Altman: bias, SD, limits", "bland_altman", "statsmodels", "DescrStatsW, mean and std (ddof 1)",
                _limits, _limits_there), [*numbers(2), *ties(2)]  # fmt: skip


def _icc(form: Any) -> Any:
    def ours(sample: Sample) -> Figures:
        found = own.icc(sample.values, form)
        return found.value, found.low, found.high

    return ours


def _icc_there(row: str) -> Any:
    def theirs(sample: Sample) -> Figures:
        n, k = sample.values.shape
        frame = pd.DataFrame(
            {"subject": np.repeat(np.arange(n), k), "rater": np.tile(np.arange(k), n), "score": sample.values.ravel()}
        )
        with unrounded(), np.errstate(all="ignore"):
            found = pingouin.intraclass_corr(frame, "subject", "rater", "score").set_index("Type").loc[row]
        low, high = found["CI95"]
        return float(found["ICC"]), float(low), float(high)

    return theirs


class unrounded:  # noqa: N801, a context, named as it reads.
    """pingouin rounds intervals and statistics in its tables; within this it does not."""

    def __enter__(self) -> None:
        self.before = dict(pingouin.options)
        for name in [one for one in pingouin.options if one.startswith("round.")]:
            del pingouin.options[name]
        pingouin.options["round"] = None

    def __exit__(self, *_: object) -> None:
        pingouin.options.clear()
        pingouin.options.update(self.before)


def _limits(sample: Sample) -> Figures:
    found = own.bland_altman(*sample.pair)
    return found.bias, found.deviation, found.low, found.high


def _limits_there(sample: Sample) -> Figures:
    first, second = sample.pair
    found = DescrStatsW(first - second)
    deviation = float(found.std_ddof(1))
    return float(found.mean), deviation, float(found.mean) - 1.96 * deviation, float(found.mean) + 1.96 * deviation


def _pairs() -> Iterator[tuple[Check, list[Sample]]]:
    few = [Sample(one.name, one.values[:SIGNS]) for one in numbers(2)]
    both = [*numbers(2), *ties(2)]

    def signed(sample: Sample) -> Figures:
        found = wilcoxon(np.subtract(*sample.pair))
        return found.statistic, found.p

    def signed_effect(sample: Sample) -> Figures:
        return (*signed(sample), wilcoxon(np.subtract(*sample.pair)).effect)  # type: ignore[misc]

    def signed_there(sample: Sample) -> Figures:
        first, second = sample.pair
        kept = (first - second)[first != second]
        found = _row(pingouin.wilcoxon(kept, correction=False))
        return float(found["W_val"]), float(found["p_val"]), float(found["RBC"])

    yield Check("Wilcoxon signed-rank: W, P", "compare_paired().wilcoxon", "numpy",
                f"all 2^n signs of n <= {SIGNS} differences", signed, _all_signs), few  # fmt: skip
    yield Check("Wilcoxon signed-rank: W, P, rank-biserial", "compare_paired().wilcoxon", "pingouin",
                "wilcoxon(correction=False)",
                signed_effect, signed_there, note=BY_SCIPY), both  # fmt: skip

    def t(sample: Sample) -> Figures:
        found = own.compare_paired(*sample.pair, resamples=99).t
        return found.statistic, found.p

    def t_there(sample: Sample) -> Figures:
        value, p, _ = DescrStatsW(np.subtract(*sample.pair)).ttest_mean(0.0)
        return float(value), float(p)

    def cohen(sample: Sample) -> float:
        return own.compare_paired(*sample.pair, resamples=99).t.effect

    def cohen_there(sample: Sample) -> float:
        return float(abs(pingouin.compute_effsize(*sample.pair, paired=True, eftype="cohen")))

    pooled = Reason(
        "mean difference over the pooled SD of both samples (d_av); ours over the SD of the differences (d_z)"
    )
    yield Check("paired t: t, P", "compare_paired().t", "statsmodels", "DescrStatsW.ttest_mean", t, t_there), both
    yield Check("Cohen's d of pairs", "compare_paired().t.effect", "pingouin", 'compute_effsize("cohen")',
                cohen, cohen_there, (pooled,)), list(numbers(2))  # fmt: skip

    def sums(sample: Sample) -> Figures:
        found = rank_sum(*sample.pair)
        return found.p, found.effect

    def sums_there(sample: Sample) -> Figures:
        found = stats.mannwhitneyu(*sample.pair, method="asymptotic", use_continuity=False)
        return float(found.pvalue), float(found.statistic) / len(sample.values) ** 2

    tied = Reason("corrected for ties; ours is not, as scipy's ranksums, which paper 001 used",
                  lambda sample: sample.name.startswith("ties"))  # fmt: skip
    yield Check("rank-sum: P, P(A > B)", "compare_paired().rank_sum", "scipy",
                'mannwhitneyu("asymptotic", no continuity)', sums, sums_there, (tied,)), both  # fmt: skip


def _all_signs(sample: Sample) -> Figures:
    """The signed-rank test's exact null distribution."""
    difference = np.subtract(*sample.pair)
    ranks = stats.rankdata(np.abs(difference))
    positive = ranks[difference > 0].sum()
    sums = np.array([ranks @ signs for signs in product((0, 1), repeat=len(ranks))])
    tail = min(np.mean(sums <= positive + 1e-9), np.mean(sums >= positive - 1e-9))
    return float(min(positive, ranks.sum() - positive)), float(min(1.0, 2 * tail))


def _tables() -> Iterator[tuple[Check, list[Sample]]]:
    def ours(sample: Sample) -> Figures:
        found = own.chi_square(sample.values)
        return found.statistic, found.p, found.freedom

    def theirs(sample: Sample) -> Figures:
        found = Table(sample.values, shift_zeros=False).test_nominal_association()
        return float(found.statistic), float(found.pvalue), float(found.df)

    def corrected(sample: Sample) -> Figures:
        found = own.chi_square(sample.values, yates=True)
        return found.statistic, found.p

    def corrected_there(sample: Sample) -> Figures:
        table = sample.values.astype(int)
        rows = [(i, j) for i, j in np.ndindex(2, 2) for _ in range(table[i, j])]
        frame = pd.DataFrame(rows, columns=["row", "column"])
        found = pingouin.chi2_independence(frame, "row", "column", correction=True)[2].set_index("test").loc["pearson"]
        return float(found["chi2"]), float(found["pval"])

    def margins(sample: Sample) -> Figures:
        found = own.marginal_homogeneity(sample.values)
        return found.statistic, found.p, found.freedom

    def margins_there(sample: Sample) -> Figures:
        found = SquareTable(sample.values, shift_zeros=False).homogeneity(method="stuart_maxwell")
        return float(found.statistic), float(found.pvalue), float(found.df)

    yield Check("chi-square: value, P, freedom", "chi_square", "statsmodels", "Table.test_nominal_association", ours,
                theirs), [*counts(2, 2), *counts(3, 4)]  # fmt: skip
    yield Check("chi-square with Yates' correction: value, P", "chi_square(yates=True)", "pingouin",
                "chi2_independence(correction=True)", corrected, corrected_there), list(counts(2, 2))  # fmt: skip
    yield Check("marginal homogeneity: value, P, freedom", "marginal_homogeneity", "statsmodels",
                "SquareTable.homogeneity (Stuart-Maxwell)", margins, margins_there), [
        *counts(4, 4), *counts(2, 2),
    ]  # fmt: skip


def _other() -> Iterator[tuple[Check, list[Sample]]]:
    yield Check("Benjamini-Hochberg", "benjamini_hochberg", "statsmodels", 'multipletests("fdr_bh")',
                lambda sample: tuple(own.benjamini_hochberg(sample.values[:, 0])),
                lambda sample: tuple(multipletests(sample.values[:, 0], method="fdr_bh")[1])), [
        *probabilities(),
    ]  # fmt: skip
    for method, of in (("pearson", ""), ("spearman", " of ranks")):
        yield Check(f"{method.capitalize()}'s correlation: r, P", f'correlate("{method}")', "statsmodels",
                    f"OLS{of}: sign and root of R2, P of the slope", _correlation(method),
                    _line(ranked=method == "spearman")), [*numbers(2), *ties(2)]  # fmt: skip
    yield Check("bootstrap interval of a mean", "bootstrap_mean (BCa)", "pingouin", 'compute_bootci("bca")', _bootstrap,
                _bootstrap_there, note=f"the same {DRAWS} draws; {BY_SCIPY}"), list(numbers(1, count=5))  # fmt: skip


def _correlation(method: Any) -> Any:
    def ours(sample: Sample) -> Figures:
        found = own.correlate(*sample.pair, method)
        return found.r, found.p

    return ours


def _line(*, ranked: bool) -> Any:
    def theirs(sample: Sample) -> Figures:
        first, second = (stats.rankdata(one) if ranked else one for one in sample.pair)
        found = OLS(second, add_constant(first)).fit()
        return float(np.sign(found.params[1]) * found.rsquared**0.5), float(found.pvalues[1])

    return theirs


def _bootstrap(sample: Sample) -> Figures:
    found = own.bootstrap_mean(sample.values[:, 0], resamples=DRAWS)
    return found.low, found.high


def _bootstrap_there(sample: Sample) -> Figures:
    seed = np.random.default_rng(0)
    found = pingouin.compute_bootci(
        sample.values[:, 0], func=np.mean, method="bca", n_boot=DRAWS, decimals=12, seed=seed
    )
    return float(found[0]), float(found[1])


def _row(table: pd.DataFrame) -> Any:
    return table.iloc[0]
