"""Samples on which statistics are compared: random ones, with ties, small ones, and tables of counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Sample:
    """Numbers, or counts.

    Args:
        name: in the table.
        values: (n, k): a row a subject, a column a model, a rater or a group; or a table of counts.
    """

    name: str
    values: NDArray[np.float64]

    @property
    def pair(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The first two columns."""
        return self.values[:, 0], self.values[:, 1]


def numbers(columns: int | None = None, count: int = 20, seed: int = 0) -> Iterator[Sample]:
    """Figures of 4 to 30 subjects, without ties; one in two with differences between columns."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        n, k = int(rng.integers(4, 30)), columns or int(rng.integers(2, 6))
        subjects, raters = rng.normal(0, rng.uniform(0.3, 3), (n, 1)), rng.normal(0, number % 2, (1, k))
        yield Sample(f"{n} x {k}, number {number + 1}", subjects + raters + rng.normal(size=(n, k)))


def ties(columns: int, count: int = 10, seed: int = 1) -> Iterator[Sample]:
    """Scores from 1 to 5 of 15 to 30 subjects, which often agree."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        n = int(rng.integers(15, 30))
        scores = rng.integers(1, 6, (n, 1)) + rng.integers(-1, 2, (n, columns))
        yield Sample(f"ties, {n} x {columns}, number {number + 1}", scores.clip(1, 5).astype(float))


def counts(rows: int, columns: int, count: int = 10, seed: int = 2) -> Iterator[Sample]:
    """Tables of counts from 1 to 30."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        table = rng.integers(1, 31, (rows, columns)).astype(float)
        yield Sample(f"table {rows} x {columns}, number {number + 1}", table)


def probabilities(count: int = 10, seed: int = 3) -> Iterator[Sample]:
    """P values of families of 1 to 20 tests, some of them alike."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        p = rng.uniform(0, 1, (int(rng.integers(1, 21)), 1)) ** 3
        yield Sample(f"{len(p)} P values, number {number + 1}", p.round(3) if number % 2 else p)
