"""docs/published-figures.md: P values and rates that two papers print, computed anew from the counts that they print.

python benchmarks/published_figures.py --write docs/published-figures.md
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from markdown_table import table
from numpy.typing import ArrayLike, NDArray
from published_counts import (
    ACCEPTABLE,
    ACCEPTABLE_IN_ALL,
    ACCEPTABLE_P,
    ADULT,
    CALLED_AI,
    CALLED_AI_MEAN,
    CROSSTAB,
    CROSSTAB_P,
    SCORES,
    SUBGROUPS,
    TRANSFER,
)
from scipy import stats

from oncontour.evaluate.statistics import (
    ChiSquare,
    benjamini_hochberg,
    chi_square,
    marginal_homogeneity,
    weighted_kappa,
)
from oncontour.evaluate.statistics.groups import mann_whitney

EXPERTS = ("expert 1", "expert 2", "expert 3")

HEAD = """# Published figures, computed anew

Two papers print counts beside their P values and rates. Here these are computed from those counts with
`oncontour.evaluate.statistics`. **Bold**: rounds to what was printed, so this may be the convention that was used.

```
python benchmarks/published_figures.py --write docs/published-figures.md
```"""

WAN = """## Network and radiologist on one scale (Wan et al. 2024, paper 003)

97 cases, each with two masks, the network's and the radiologist's, both scored 2 to 5 by one reader.

### Table 2"""

TABLE_2 = """The published {p} is Pearson's chi-square of the 4 x 4 table, {freedom} degrees of freedom, uncorrected.
That is a test of *association*: it asks whether a case whose manual mask scores high has a network's mask that scores
high. It showed none, which is not "no difference", the conclusion drawn from it. The question meant, whether the two
are scored alike, is one of marginal homogeneity. Its answer is the same here: no difference was shown. Expected counts
go down to {smallest:.2f}, where chi-square is an approximation; the permutation test beside it agrees.

Mean (SD): network {dl}, manual {manual}; scores of 3 and more: {dl_good} and {manual_good} %. So say the paper's
abstract and Table 2; its Results text has the two means the other way round."""

TABLE_3 = """All four are Pearson's chi-square without correction. Expected counts are below 5 in each, so the
permutation test is the one to read; the scale is ordered, which the trend uses and chi-square does not. Adjusted by
Benjamini-Hochberg over these four, the smallest P is {adjusted:.3f}."""

WAN_RAW = """### What counts cannot give

The intraclass correlations of two readers (0.759 and 0.770, form 3,1) need the scores of the 30 cases that both rated,
and the P values of Dice (new against recurrent, one focus against several) need each case's Dice. Neither is printed.
`icc(ratings, "3,1")` and `compare_groups` compute them where the data are at hand."""

BOYD = """## Acceptability and origin (Boyd et al. 2024, paper 001)

Three experts rated masks of two models and of each other, blinded; 7 and more of 10 is acceptable. They also guessed
which were AI's.

### Acceptable masks

Transfer-encoder model against another source, by rater: chi-square of acceptable and not."""

ACCEPTABILITY = """One reading gives all five: chi-square **with Yates' correction** (scipy's default for 2 x 2 tables),
adjusted by Benjamini-Hochberg over the model's comparisons with the two other experts, rater by rater; the one with
the BraTS model stands outside that family. The paper says that P values were adjusted, not over what: the family is our
inference. Larger ones would make .009 more: {three:.3f} among all three comparisons, {six:.3f} among all six pairs of
what expert 2 rated. Unadjusted, the second ">.99" would be 0.77. Fisher's exact test does not give .009.

Two percentages are misprints: 16 of 71 is 22.5 %, not 21.6 % (the counts agree with the totals over raters), and 182 of
227 is 80.2 %, as the abstract has it, not 80.1 %. Totals less what two raters gave leave what expert 3 said, which the
paper does not print:"""

THIRD = """By the reading above, the model against experts 1 and 2: P {p}.

Over all raters: transfer-encoder {te}, BraTS model {adult}, experts {pooled}. The
abstract's 65.4 % is the mean of the three experts' shares ({mean:.1f} %). These counts repeat on cases and raters, and
chi-square takes them as independent, which they are not. With each case's ratings, `cluster_bootstrap` draws whole
cases.

### Taken for AI's"""

TURING = """"Called AI" of AI's masks is a sensitivity, not an accuracy. Balanced accuracy is its mean with the share of
experts' masks that were *not* called AI; 0.5 is guessing. (Of AI's masks only the transfer-encoder's are printed, so
the BraTS model's play no part.) Experts 2 and 3 lie *below* 0.5: they called experts' masks AI more often than the
model's (P {p2} and {p3}, chi-square with Yates' correction, ratings taken as independent). So they told the two
apart, and named them the wrong way round, which is not the same as being unable to tell.

The published mean of {mean} % is all {called} of {of} together ({pooled:.1f} %); the mean of the three rates is
{rates:.1f} %."""

BOYD_RAW = """### What counts cannot give

P values of Likert scores and of Dice, and ICC, need each case's figures; the authors share them at
<https://github.com/AIM-KannLab/pLGG_Segmentation>. They were not used here."""


def rounds_to(p: float, printed: str) -> bool:
    """Whether a P value is printed so.

    >>> rounds_to(0.1073, "0.107"), rounds_to(0.0085, ".009"), rounds_to(0.9745, ">.99"), rounds_to(1e-5, "<.001")
    (True, True, False, True)
    """
    sign, number = (printed[0], printed[1:]) if printed[0] in "<>" else ("", printed)
    limit = float(number)
    if sign:
        return p < limit if sign == "<" else p > limit
    return round(p, len(number.split(".")[1])) == limit


def trend(counts: ArrayLike, steps: Sequence[float], groups: Sequence[float] = (0, 1)) -> float:
    """P of linear association, (n - 1) r^2 with one degree of freedom (Mantel 1963; SPSS's "linear-by-linear")."""
    x, y = spelled_out(counts, steps, groups)
    return float(stats.chi2.sf((len(x) - 1) * np.corrcoef(x, y)[0, 1] ** 2, 1))


def spelled_out(
    counts: ArrayLike, steps: Sequence[float], groups: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Step and group of each case of a table (groups, steps) of counts."""
    table = np.asarray(counts)
    of_steps, of_groups = np.broadcast_arrays(np.asarray(steps, float), np.asarray(groups, float)[:, None])
    return np.repeat(of_steps, table.ravel()), np.repeat(of_groups, table.ravel())


def exact(found: ChiSquare) -> float:
    """P of Fisher's or the permutation test; NaN where none was needed."""
    return float("nan") if found.exact_p is None else found.exact_p


def likelihood_ratio(counts: ArrayLike) -> float:
    """P of the likelihood-ratio test of a table of counts."""
    table = np.asarray(counts)
    kept = table[table.any(axis=1)][:, table.any(axis=0)]
    return float(stats.chi2_contingency(kept, correction=False, lambda_="log-likelihood").pvalue)


def two_by_two(one: tuple[int, int, float], other: tuple[int, int, float]) -> list[list[int]]:
    """Yes and no of two sources."""
    return [[yes, total - yes] for yes, total, _ in (one, other)]


def page() -> str:
    """The page in Markdown."""
    return "\n\n".join([HEAD, WAN, *_table_2(), "### Table 3", *_table_3(), WAN_RAW, BOYD, *_boyd(), BOYD_RAW]) + "\n"


def _table_2() -> list[str]:
    table = np.array(CROSSTAB)
    found, marginal = chi_square(table), marginal_homogeneity(table)
    network, manual = table.sum(1), table.sum(0)
    asked = (
        ("do scores go together?", f"Pearson's chi-square ({found.freedom} df)", found.p),
        ("", "the same, by permutation", exact(found)),
        ("", "likelihood ratio", likelihood_ratio(table)),
        ("", "linear trend", trend(table, SCORES, SCORES)),
        ("do both use the scale alike?", "Stuart-Maxwell", marginal.p),
        ("are these two groups of 97 alike? (they are the same cases)", "Pearson's chi-square (3 df)",
         chi_square([network, manual]).p),
    )  # fmt: skip
    rows = [("", "published", CROSSTAB_P), *((what, test, shown(p, CROSSTAB_P)) for what, test, p in asked)]
    rows.append(("how far do they agree?", "weighted kappa (linear)", f"kappa {weighted_kappa(table):.3f}"))
    told = TABLE_2.format(
        p=CROSSTAB_P,
        freedom=found.freedom,
        smallest=found.min_expected,
        dl=mean_and_deviation(network),
        manual=mean_and_deviation(manual),
        dl_good=f"{100 * network[1:].sum() / network.sum():.1f}",
        manual_good=f"{100 * manual[1:].sum() / manual.sum():.1f}",
    )
    return [table_of("question | test | P", rows), told]


def mean_and_deviation(counts: NDArray[np.int64]) -> str:
    """Of scores, by how many cases have each."""
    values = np.repeat(SCORES, counts)
    return f"{values.mean():.3f} ({values.std(ddof=1):.3f})"


def _table_3() -> list[str]:
    rows, plain = [], []
    for one in SUBGROUPS:
        found = chi_square(one.counts)
        plain.append(found.p)
        scores, groups = spelled_out(one.counts, SCORES, (0, 1))
        others = (
            exact(found),
            likelihood_ratio(one.counts),
            trend(one.counts, SCORES),
            mann_whitney(scores[groups == 0], scores[groups == 1]).p,
        )
        counts = " / ".join(", ".join(map(str, group)) for group in one.counts)
        shown_p = (shown(p, one.p) for p in (found.p, *others))
        rows.append((one.method, " / ".join(one.names), counts, one.p, *shown_p, f"{found.min_expected:.2f}"))
    heads = (
        "masks | groups | scored 2, 3, 4, 5 | published | Pearson | permutation | likelihood ratio | trend | "
        "Mann-Whitney | least expected"
    )
    return [table_of(heads, rows), TABLE_3.format(adjusted=benjamini_hochberg(plain).min())]


def _boyd() -> list[str]:
    rows = [_compared(rater, other) for rater, other in ACCEPTABLE_P]
    heads = "rater | against | model | other | published | plain | Yates | Yates, adjusted | Fisher"
    third = third_rater()
    own = [(name, share(*counts)) for name, counts in third.items()]
    unadjusted = [chi_square(two_by_two(third[TRANSFER], third[name]), yates=True).p for name in EXPERTS[:2]]
    own_p = " and ".join(f"{p:.3f}" for p in benjamini_hochberg(unadjusted))
    three = [(TRANSFER, name) for name in (EXPERTS[0], EXPERTS[2], ADULT)]
    six = list(combinations((TRANSFER, EXPERTS[0], EXPERTS[2], ADULT), 2))
    experts = [ACCEPTABLE_IN_ALL[name] for name in EXPERTS]
    in_all = THIRD.format(
        p=own_p,
        te=share(*ACCEPTABLE_IN_ALL[TRANSFER]),
        adult=share(*ACCEPTABLE_IN_ALL[ADULT]),
        pooled=share(sum(one[0] for one in experts), sum(one[1] for one in experts)),
        mean=np.mean([100 * one[0] / one[1] for one in experts]),
    )
    return [
        table_of(heads, rows),
        ACCEPTABILITY.format(three=adjusted(EXPERTS[1], three)[0], six=adjusted(EXPERTS[1], six)[0]),
        table_of("masks of | acceptable to expert 3", own),
        in_all,
        *_turing(),
    ]


def _compared(rater: str, other: str) -> tuple[str, ...]:
    printed = ACCEPTABLE_P[rater, other]
    model, held = ACCEPTABLE[rater, TRANSFER], ACCEPTABLE[rater, other]
    plain, corrected = (chi_square(two_by_two(model, held), yates=yates) for yates in (False, True))
    family = among_experts(rater)
    own = adjusted(rater, family)[family.index((TRANSFER, other))] if other in EXPERTS else float("nan")
    ps = (plain.p, corrected.p, own, exact(plain))
    return (rater, other, share(*model), share(*held), printed, *(shown(p, printed) for p in ps))


def among_experts(rater: str) -> list[tuple[str, str]]:
    """The model against each of the two experts that a rater judged."""
    return [(TRANSFER, name) for name in EXPERTS if (rater, name) in ACCEPTABLE_P]


def adjusted(rater: str, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """P of each two sources with Yates' correction, adjusted over all of them."""
    tables = [two_by_two(*(ACCEPTABLE[rater, source] for source in pair)) for pair in pairs]
    return benjamini_hochberg([chi_square(table, yates=True).p for table in tables]).tolist()


def third_rater() -> Mapping[str, tuple[int, int, float]]:
    """Acceptable to expert 3, of how many: the totals less what the two others said."""
    found = {}
    for name in (TRANSFER, *EXPERTS[:2]):
        others = [counts for (_, whose), counts in ACCEPTABLE.items() if whose == name]
        yes, total = (ACCEPTABLE_IN_ALL[name][n] - sum(int(one[n]) for one in others) for n in (0, 1))
        found[name] = (int(yes), int(total), 100 * yes / total)
    return found


def _turing() -> list[str]:
    rows, ps = [], []
    for rater in EXPERTS:
        called, of, printed = CALLED_AI[rater, TRANSFER]
        people = [CALLED_AI[rater, name] for name in EXPERTS if (rater, name) in CALLED_AI]
        row = (rater, f"{printed}", share(called, of))
        if not people:
            rows.append((*row, "not printed", "-"))
            continue
        wrong, total = sum(one[0] for one in people), sum(one[1] for one in people)
        balanced = (called / of + 1 - wrong / total) / 2
        rows.append((*row, share(wrong, total), f"{balanced:.3f}"))
        ps.append(chi_square([[called, of - called], [wrong, total - wrong]], yates=True).p)
    rates = [CALLED_AI[rater, TRANSFER] for rater in EXPERTS]
    called, of = sum(one[0] for one in rates), sum(one[1] for one in rates)
    told = TURING.format(
        p2=short(ps[0]),
        p3=short(ps[1]),
        mean=CALLED_AI_MEAN,
        called=called,
        of=of,
        pooled=100 * called / of,
        rates=np.mean([100 * one[0] / one[1] for one in rates]),
    )
    heads = "judge | published, % | AI's masks called AI | experts' masks called AI | balanced accuracy"
    return [table_of(heads, rows), told]


def share(part: int, whole: int, _printed: float = 0.0) -> str:
    """Counts with their percentage."""
    return f"{part}/{whole} ({100 * part / whole:.1f} %)"


def shown(p: float, printed: str) -> str:
    """A P value, bold where it rounds to what was printed."""
    if np.isnan(p):
        return "-"
    return f"**{short(p)}**" if rounds_to(p, printed) else short(p)


def short(p: float) -> str:
    """A P value of four digits, or as a power of ten."""
    return f"{p:.4f}" if p >= 1e-4 else f"{p:.0e}"


def table_of(heads: str, rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return table(heads.split(" | "), rows)


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="the page; else it is printed")
    where = parser.parse_args().write
    if where:
        where.write_text(page(), "utf-8")
    else:
        print(page(), end="")


if __name__ == "__main__":
    main()
