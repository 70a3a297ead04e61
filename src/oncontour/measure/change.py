"""How much a tumour changed between two scans, and whether that is more than the error of measuring it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from oncontour.measure.interval import Interval


@dataclass(frozen=True)
class Change:
    """A change of size.

    Args:
        day: of the scan that it is held against, days after baseline.
        before, after: sizes, mm2 or mL.
        relative: after / before - 1; None where nothing was there before and something is now.
        interval: 95 % interval of `relative`; None where either size has none.
        beyond_error: whether it exceeds the error of measurement; None where that is not known.
    """

    day: int
    before: float
    after: float
    relative: float | None
    interval: Interval | None
    beyond_error: bool | None


def change(
    day: int,
    before: float,
    after: float,
    intervals: tuple[Interval | None, Interval | None] = (None, None),
    repeatability: float | None = None,
) -> Change:
    """The change from one size to another.

    With an interval of both sizes, the change has one too: on the logarithm, where both are symmetric, half widths add
    as the root of the sum of squares. That takes the errors of two scans for independent; those of one model in one
    patient are rather alike, so the interval is rather too wide. A bias that both share cancels.

    Args:
        day: of the earlier scan.
        before, after: sizes, 0 or more.
        intervals: 95 % intervals of both.
        repeatability: largest relative change that two scans of an unchanged tumour show in 95 % of pairs (such as
            0.2); used where there is no interval.

    >>> change(0, 10.0, 5.0, (Interval(8.0, 12.5), Interval(4.0, 6.25))).beyond_error
    True
    >>> change(0, 10.0, 11.0).beyond_error is None
    True
    """
    relative = after / before - 1 if before > 0 else (0.0 if after == 0 else None)
    interval = _interval_of_change(*intervals)
    if interval is not None:
        beyond: bool | None = not interval.low <= 0 <= interval.high
    elif repeatability is not None and relative is not None:
        beyond = _log_size(relative) > math.log1p(repeatability)
    else:
        beyond = None
    return Change(day, before, after, relative, interval, beyond)


def _interval_of_change(before: Interval | None, after: Interval | None) -> Interval | None:
    """Of after / before - 1."""
    if before is None or after is None or min(before.low, after.low) <= 0:
        return None
    (middle, half), (other_middle, other_half) = _logarithm(before), _logarithm(after)
    spread = math.hypot(half, other_half)
    moved = other_middle - middle
    return Interval(math.expm1(moved - spread), math.expm1(moved + spread))


def _logarithm(interval: Interval) -> tuple[float, float]:
    """(middle, half width) of the interval's logarithm."""
    low, high = math.log(interval.low), math.log(interval.high)
    return (low + high) / 2, (high - low) / 2


def _log_size(relative: float) -> float:
    """How far a relative change is from none, the same for a doubling and a halving."""
    return math.inf if relative <= -1 else abs(math.log1p(relative))
