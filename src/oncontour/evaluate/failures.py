"""Cases that failed: which, how badly, and a suggested cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.sequence import Sequence as MrSequence
from oncontour.data.datasets.tables import write_table
from oncontour.data.parallel import each
from oncontour.evaluate.case import Measures, RegionScore, scheme_of
from oncontour.evaluate.causes import Cause, suggested_causes
from oncontour.evaluate.evidence import Plane, gather
from oncontour.evaluate.pairs import Pair
from oncontour.evaluate.records import cell

BELOW = 0.6
"""Dice below which a case failed (paper 001)."""

PICTURED = 48
"""Failures whose slice is kept, the worst: more make a page that nobody scrolls."""

UNEXPLAINED = "no cause found"


@dataclass(frozen=True, eq=False)
class Failure:
    """One case.

    Args:
        score: of the region.
        causes: most telling first; none where no rule is met.
        plane: to be drawn; None beyond the `PICTURED` worst, and where the case could not be looked at again.
        note: what could not be looked at, in words.
    """

    score: RegionScore
    causes: tuple[Cause, ...]
    plane: Plane | None
    note: str


@dataclass(frozen=True, eq=False)
class Failures:
    """All cases below a threshold.

    Args:
        region: name of the region whose Dice was looked at.
        below: the threshold.
        found: worst first.
    """

    region: str
    below: float
    found: tuple[Failure, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many failures each cause was suggested for, those without any at the end; a case may count twice."""
        names = [cause.name for one in self.found for cause in one.causes]
        unexplained = sum(not one.causes for one in self.found)
        return dict(Counter(names).most_common()) | ({UNEXPLAINED: unexplained} if unexplained else {})


def failing_region(scheme: str, region: str = "") -> str:
    """The region whose Dice tells failures: by default the scheme's first.

    Raises:
        InputError: no such scheme or region.
    """
    known = scheme_of(scheme)
    return known.region(region).name if region else known.regions[0].name


def find_failures(
    pairs: Iterable[Pair],
    scores: Sequence[RegionScore],
    measures: Measures,
    below: float = BELOW,
    region: str = "",
    workers: int = 1,
) -> Failures:
    """Look again at each case whose Dice lies below a threshold.

    Args:
        pairs, scores: as evaluated.
        measures: how they were compared.
        below: Dice.
        region: whose Dice; by default the scheme's first.
        workers: processes.

    Raises:
        InputError: no such region, or a threshold that is no Dice.
    """
    name = failing_region(measures.scheme, region)
    if not 0 <= below <= 1:
        raise InputError("--failures-below", f"{below:g}", "a Dice, 0 to 1", "Choose a threshold such as 0.6.")
    listed = {pair.case: pair for pair in pairs}
    usual = frozenset(sequence for pair in listed.values() for sequence in pair.images)
    low = sorted(
        (score for score in scores if score.region == name and score.dice < below),
        key=lambda score: (score.dice, score.case),
    )
    work = [(listed[score.case], score, place < PICTURED) for place, score in enumerate(low)]
    found = each(partial(_failure, measures=measures, usual=usual), work, workers)
    return Failures(name, below, tuple(found))


def _failure(item: tuple[Pair, RegionScore, bool], measures: Measures, usual: frozenset[MrSequence]) -> Failure:
    pair, score, picture = item
    try:
        evidence, plane, note = gather(pair, score, measures, usual, picture)
    except OncontourError as error:
        return Failure(score, (), None, f"The case could not be looked at again: {error}")
    return Failure(score, suggested_causes(evidence), plane, note)


COLUMNS = ("case", "region", "dice", "volume_pred_ml", "volume_ref_ml", "causes", "words", "note")


def write_failures(failures: Failures, out: Path) -> Path:
    """Write failures.csv: a row a case, worst first; causes in one cell, most telling first.

    Raises:
        OutputError: it cannot be written.
    """
    path = out / "failures.csv"
    write_table(path, COLUMNS, (_row(one) for one in failures.found))
    return path


def _row(one: Failure) -> dict[str, str]:
    score = one.score
    values = (score.case, score.region, score.dice, score.volume_pred_ml, score.volume_ref_ml)
    return dict(zip(COLUMNS, map(cell, values), strict=False)) | {
        "causes": "; ".join(cause.name for cause in one.causes) or UNEXPLAINED,
        "words": " ".join(cause.words for cause in one.causes),
        "note": one.note,
    }
