"""One statistical test's outcome, with what must be said beside a P value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Test:
    """A two-sided test.

    Args:
        name: in words, such as "Wilcoxon signed-rank".
        statistic, p: of the test; NaN where the data leave it undefined.
        effect_name, effect: its effect size.
        n: cases that it used.
    """

    name: str
    statistic: float
    p: float
    effect_name: str
    effect: float
    n: int

    __test__ = False  # pytest collects what is named so.

    def __str__(self) -> str:
        """With n and effect: a P value alone says nothing of how much."""
        return f"{self.name}: P = {self.p:.3g}, {self.effect_name} = {self.effect:.2f}, n = {self.n}"
