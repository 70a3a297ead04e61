"""docs/published-figures.md is what its script says, and each bold figure is what a paper printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


def test_the_page_is_the_scripts(benchmarks: Path):
    from published_figures import page

    assert (benchmarks.parent / "docs/published-figures.md").read_text("utf-8") == page()


def test_every_published_p_value_has_its_convention():
    from published_counts import ACCEPTABLE, ACCEPTABLE_P, ADULT, CROSSTAB, CROSSTAB_P, SUBGROUPS, TRANSFER
    from published_figures import adjusted, among_experts, rounds_to, two_by_two

    from oncontour.evaluate.statistics import chi_square

    assert rounds_to(chi_square(CROSSTAB).p, CROSSTAB_P)
    assert all(rounds_to(chi_square(one.counts).p, one.p) for one in SUBGROUPS)
    for rater in ("expert 1", "expert 2"):
        family = among_experts(rater)
        for (_, other), p in zip(family, adjusted(rater, family), strict=True):
            assert rounds_to(p, ACCEPTABLE_P[rater, other])
    held = two_by_two(*(ACCEPTABLE["expert 2", source] for source in (TRANSFER, ADULT)))
    assert rounds_to(chi_square(held, yates=True).p, ACCEPTABLE_P["expert 2", ADULT])
    assert not rounds_to(chi_square(held).p, ACCEPTABLE_P["expert 2", ADULT])


def test_counts_were_copied_right():
    """Margins agree between tables, and percentages with counts, but for the two misprints that the page names."""
    from published_counts import ACCEPTABLE, ACCEPTABLE_IN_ALL, CALLED_AI, CROSSTAB, SUBGROUPS

    network, manual = np.array(CROSSTAB).sum(1), np.array(CROSSTAB).sum(0)
    for one in SUBGROUPS:
        assert np.sum(one.counts, axis=0).tolist() == (network if one.method == "network" else manual).tolist()
    printed = [*ACCEPTABLE.values(), *ACCEPTABLE_IN_ALL.values(), *CALLED_AI.values()]
    odd = [one for one in printed if abs(100 * one[0] / one[1] - one[2]) > 0.0501]
    assert odd == [(16, 71, 21.6), (182, 227, 80.1)]
    for whose in ("expert 1", "expert 2", "expert 3"):
        parts = [counts for (_, source), counts in ACCEPTABLE.items() if source == whose]
        assert all(sum(one[n] for one in parts) <= ACCEPTABLE_IN_ALL[whose][n] for n in (0, 1))
    third = [counts for (_, source), counts in ACCEPTABLE.items() if source == "expert 3"]
    assert tuple(sum(one[n] for one in third) for n in (0, 1)) == ACCEPTABLE_IN_ALL["expert 3"][:2]


def test_spelled_out_cases_give_the_table_back():
    from published_figures import spelled_out, trend

    counts = np.array([[3, 1, 0], [2, 0, 4]])
    steps, groups = spelled_out(counts, (1, 2, 3), (0, 1))
    assert [[int(((steps == s) & (groups == g)).sum()) for s in (1, 2, 3)] for g in (0, 1)] == counts.tolist()
    assert trend([[5, 5], [5, 5]], (0, 1)) == pytest.approx(1)
