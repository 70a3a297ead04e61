"""Response over time: what sizes, new lesions, steroids and the clinical state say by published criteria.

A measurement, never a diagnosis: it says which criterion numbers meet. Pseudoprogression, pseudoresponse and the course
of T2/FLAIR signal, which the criteria leave to a reader, are not judged here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import pairwise

from oncontour.core.errors import InputError
from oncontour.measure.assessment import CLINICAL, STEROIDS, Assessment, Timepoint, run_days
from oncontour.measure.change import Change, change
from oncontour.measure.criteria import THRESHOLDS, Category, Criteria, Rule, criteria_named
from oncontour.measure.response_words import words

LIMIT_SLACK = 1e-9
"""A relative change nearer to a limit than this is at the limit: decimals such as 0.65 have no exact binary form."""

RESPONSES: tuple[Category, ...] = ("CR", "PR")
"""What must last to be confirmed."""


def response(
    timepoints: Iterable[Timepoint],
    rule: Rule = "area",
    criteria: str = "RANO",
    *,
    baseline: int | date | None = None,
    repeatability: float | None = None,
) -> tuple[Assessment, ...]:
    """Judge every scan against baseline and nadir (Wen 2010, Table 4, and the sources of `CRITERIA`).

    The first that holds:

    - progressive disease: a new lesion; clinical worsening; or a size at least 25 % (volume: 40 %) over the nadir, the
      smallest size from baseline on, while a lesion is measurable;
    - not evaluable: nothing was measurable at baseline, or more steroids than then;
    - complete response: nothing is left, and no steroids; with steroids it is a partial one;
    - partial response: at least 50 % (65 %) less than at baseline;
    - minor response, where the criteria know one, by area alone: at least 25 % less;
    - stable disease.

    Complete and partial responses are confirmed where scans in a row, the first and last at least 4 weeks (children: 8)
    apart, all show them.

    A lesion that crosses the limit of 10 mm enters or leaves the sum of products without a change of that size. Of two
    sums the smaller is therefore raised by what it has more of unmeasurable lesions, at most to the larger.

    Args:
        timepoints: scans of one patient in any order, all by date or all by number of day.
        rule: what their sizes are.
        criteria: a name of `CRITERIA`.
        baseline: day of the baseline; by default the first.
        repeatability: see `change`; for sizes without intervals.

    Returns:
        One for each scan, by day.

    Raises:
        InputError: no scan, two of one day, days and dates mixed, a baseline on no scan's day, an unknown rule,
            criterion or word, or a size that is no size.

    >>> scans = [Timepoint(0, 1000.0), Timepoint(42, 450.0, steroids="stable", clinical="stable", new_lesion=False)]
    >>> judged = response(scans)[1]
    >>> judged.category, judged.confirmed, judged.from_baseline.relative
    ('PR', False, -0.55)
    """
    chosen = criteria_named(criteria)
    if rule not in THRESHOLDS:
        raise InputError("response: rule", repr(rule), " or ".join(THRESHOLDS), "Choose one.")
    points = _ordered(timepoints)
    first = _days(points)
    start = _baseline(first, points, baseline)
    days = [day - first[start] for day in first]
    judged = []
    for n, (point, day) in enumerate(zip(points, days, strict=True)):
        if n <= start:
            judged.append(Assessment(day, "baseline" if n == start else "before", point.size))
        else:
            judged.append(_judged(points[start : n + 1], days[start : n + 1], rule, chosen, repeatability))
    confirmed = _with_confirmation(judged, chosen.confirmation_days)
    return tuple(
        replace(one, words=words(one, confirmed, point, rule, chosen))
        for one, point in zip(confirmed, points, strict=True)
    )


def _judged(
    points: list[Timepoint], days: list[int], rule: Rule, criteria: Criteria, repeatability: float | None
) -> Assessment:
    """The last of `points`, of which the first is the baseline."""
    now, earlier = points[-1], points[:-1]
    smallest = min(range(len(earlier)), key=lambda n: compared(earlier[n], now)[0])
    from_baseline, over_nadir = (
        change(days[n], *compared(points[n], now), (points[n].interval, now.interval), repeatability)
        for n in (0, smallest)
    )
    by_size = size_category(points[0], now, from_baseline, over_nadir, rule, criteria)
    return Assessment(
        day=days[-1],
        role="follow-up",
        size=now.size,
        by_size=by_size,
        category=_category(by_size, now),
        from_baseline=from_baseline,
        over_nadir=over_nadir,
        unknown=_unknown(now),
    )


def compared(then: Timepoint, now: Timepoint) -> tuple[float, float]:
    """Both sizes, the smaller raised by lesions that crossed the limit of 10 mm (see `response`).

    >>> compared(Timepoint(0, 121.0), Timepoint(30, 0.0, unmeasurable=98.0))
    (121.0, 98.0)
    """
    small, large = sorted((then, now), key=lambda point: point.size)
    crossed = min(max(0.0, small.unmeasurable - large.unmeasurable), large.size - small.size)
    return (then.size + crossed, now.size) if small is then else (then.size, now.size + crossed)


def size_category(
    baseline: Timepoint,
    now: Timepoint,
    from_baseline: Change,
    over_nadir: Change,
    rule: Rule,
    criteria: Criteria,
) -> Category:
    """The criterion that the size alone meets."""
    limits = THRESHOLDS[rule]
    grown = over_nadir.relative is None or over_nadir.relative >= limits.progression - LIMIT_SLACK
    if grown and now.has_measurable:
        return "PD"
    if not baseline.has_measurable or from_baseline.relative is None:
        return "NE"
    if now.empty:
        return "CR"
    if from_baseline.relative <= limits.partial + LIMIT_SLACK:
        return "PR"
    if criteria.minor and limits.minor is not None and from_baseline.relative <= limits.minor + LIMIT_SLACK:
        return "MR"
    return "SD"


def _category(by_size: Category, point: Timepoint) -> Category:
    """With what is known besides the size."""
    if point.new_lesion or point.clinical == "worse" or by_size == "PD":
        return "PD"
    if point.steroids == "increased":
        return "NE"
    if by_size == "CR" and point.steroids in ("stable", "decreased"):
        return "PR"
    return by_size


def _unknown(point: Timepoint) -> tuple[str, ...]:
    inputs = {
        "new lesions": point.new_lesion is None,
        "steroids": point.steroids == "unknown",
        "clinical state": point.clinical == "unknown",
    }
    return tuple(name for name, unknown in inputs.items() if unknown)


def _with_confirmation(judged: list[Assessment], days: int) -> list[Assessment]:
    """Say of each response whether the scans in a row around it that show it last long enough."""
    return [
        replace(one, confirmed=run_days(judged, one)[1] - run_days(judged, one)[0] >= days)
        if one.category in RESPONSES
        else one
        for one in judged
    ]


def _ordered(timepoints: Iterable[Timepoint]) -> list[Timepoint]:
    points = list(timepoints)
    if not points:
        raise InputError("follow-up", "no scan", "at least one", "Give the scans.")
    if len({isinstance(point.day, date) for point in points}) > 1:
        raise InputError("follow-up", "dates and numbers of days", "one of them", "Give all scans the same way.")
    for number, point in enumerate(points, start=1):
        _check(point, f"scan {number}")
    return sorted(points, key=lambda point: _number(point.day))


def _days(points: list[Timepoint]) -> list[int]:
    """Numbers of days; two scans of one day are refused, since no order of them is known."""
    numbers = [_number(point.day) for point in points]
    for place, (day, following) in enumerate(pairwise(numbers), start=1):
        if day == following:
            found = f"two scans of one day (in the order of time, scans {place} and {place + 1})"
            raise InputError("follow-up", found, "one scan a day", "Leave one out.")
    return numbers


def _number(day: int | date) -> int:
    return day.toordinal() if isinstance(day, date) else day


def _baseline(days: list[int], points: list[Timepoint], baseline: int | date | None) -> int:
    if baseline is None:
        return 0
    if isinstance(baseline, date) != isinstance(points[0].day, date) or _number(baseline) not in days:
        raise InputError("follow-up: baseline", "a day without a scan", "the day of a scan", "Name another.")
    return days.index(_number(baseline))


def _check(point: Timepoint, where: str) -> None:
    for name, size in (("size", point.size), ("unmeasurable", point.unmeasurable)):
        if not (math.isfinite(size) and size >= 0):
            raise InputError(f"{where}: {name}", f"{size:g}", "0 or more", "Correct it.")
    for name, word, known in (("steroids", point.steroids, STEROIDS), ("clinical", point.clinical, CLINICAL)):
        if word not in known:
            raise InputError(f"{where}: {name}", repr(word), f"one of {', '.join(known)}", "Correct the word.")
