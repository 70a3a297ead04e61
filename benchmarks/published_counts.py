"""Counts and P values as two papers print them; nothing here was computed.

Wan et al. 2024, Tables 2 and 3 (paper 003): scores 2 to 5 of 97 cases.
Boyd et al. 2024, Results (paper 001): acceptable and "AI generated" of how many.
"""

from __future__ import annotations

from dataclasses import dataclass

SCORES = (2, 3, 4, 5)

CROSSTAB = ((0, 1, 5, 0), (0, 23, 17, 2), (2, 15, 13, 7), (0, 3, 7, 2))
"""Wan, Table 2: cases by score of the network's mask (rows) and of the manual one (columns)."""

CROSSTAB_P = "0.107"


@dataclass(frozen=True)
class Subgroups:
    """One P value of Wan's Table 3.

    Args:
        method: whose masks.
        names: of the two groups.
        counts: of each group, cases by score.
        p: as printed.
    """

    method: str
    names: tuple[str, str]
    counts: tuple[tuple[int, ...], tuple[int, ...]]
    p: str


SUBGROUPS = (
    Subgroups("network", ("single", "multiple"), ((3, 31, 30, 10), (3, 11, 7, 2)), "0.357"),
    Subgroups("network", ("new", "recurrent"), ((0, 5, 8, 3), (6, 37, 29, 9)), "0.367"),
    Subgroups("manual", ("single", "multiple"), ((0, 30, 33, 11), (2, 12, 9, 0)), "0.015"),
    Subgroups("manual", ("new", "recurrent"), ((0, 4, 9, 3), (2, 38, 33, 8)), "0.315"),
)

TRANSFER, ADULT = "transfer-encoder", "BraTS model"

ACCEPTABLE = {
    ("expert 1", TRANSFER): (58, 70, 82.9),
    ("expert 1", "expert 2"): (61, 74, 82.4),
    ("expert 1", "expert 3"): (50, 63, 79.4),
    ("expert 2", TRANSFER): (54, 75, 72.0),
    ("expert 2", "expert 1"): (29, 60, 48.3),
    ("expert 2", "expert 3"): (16, 71, 21.6),
    ("expert 2", ADULT): (46, 81, 56.8),
}
"""Boyd: (who rated, whose masks) -> acceptable (7 or more of 10), of how many, and the percentage as printed."""

ACCEPTABLE_IN_ALL = {
    TRANSFER: (182, 227, 80.1),
    ADULT: (165, 229, 72.1),
    "expert 1": (82, 120, 68.3),
    "expert 2": (122, 155, 78.7),
    "expert 3": (66, 134, 49.3),
}
"""Boyd: the same of all raters together."""

ACCEPTABLE_P = {
    ("expert 1", "expert 2"): ">.99",
    ("expert 1", "expert 3"): ">.99",
    ("expert 2", "expert 1"): ".009",
    ("expert 2", "expert 3"): "<.001",
    ("expert 2", ADULT): ".07",
}
"""Boyd: (who rated, whom the transfer-encoder model was held against) -> P."""

CALLED_AI = {
    ("expert 1", TRANSFER): (16, 70, 22.9),
    ("expert 2", TRANSFER): (27, 75, 36.0),
    ("expert 3", TRANSFER): (16, 82, 19.5),
    ("expert 2", "expert 1"): (53, 60, 88.3),
    ("expert 2", "expert 3"): (64, 71, 90.1),
    ("expert 3", "expert 1"): (25, 60, 41.7),
    ("expert 3", "expert 2"): (32, 81, 39.5),
}
"""Boyd: (who judged, whose masks) -> taken for AI's, of how many, and the percentage as printed."""

CALLED_AI_MEAN = 26.0
"""Boyd: "in an average of 26.0% of cases"."""
