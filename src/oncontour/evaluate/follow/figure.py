"""The picture of a follow-up: volume and sum of products over days, limits as bands, what each scan shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from oncontour.drawing.files import hexadecimal
from oncontour.drawing.style import (
    DASHES,
    INK,
    PAPER,
    SERIES,
    SOFT,
    TICK_POINTS,
    WORDS_POINTS,
    chart,
    frame_chart,
    key,
)
from oncontour.evaluate.follow.run import FollowUp
from oncontour.measure.assessment import Assessment
from oncontour.measure.criteria import THRESHOLDS, Category, Rule, Thresholds
from oncontour.measure.interval import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LESS, MORE = SERIES[0], SERIES[1]
"""Of response and of progression."""

MARKS: dict[Category | None, tuple[str, str, float]] = {
    None: ("s", INK, 6.0),
    "CR": ("*", LESS, 11.0),
    "PR": ("v", LESS, 8.0),
    "MR": ("d", LESS, 8.0),
    "SD": ("o", SOFT, 7.0),
    "PD": ("^", MORE, 8.0),
    "NE": ("X", SOFT, 7.0),
}
"""Marker, colour and size of a category; None: the baseline, or before."""

BAND = 0.12
"""Opacity of the zones of response and progression."""

HEADROOM = 1.25
"""Room for words above the highest point."""

TITLES: dict[Rule, tuple[str, str]] = {
    "volume": ("Volume", "mL"),
    "area": ("Sum of products", "mm²"),
}


def draw(follow_up: FollowUp) -> Figure:
    """Three panels over days since baseline: followed volume, sum of products, volumes of all regions."""
    from matplotlib.ticker import MaxNLocator

    figure = chart(8.2, 8.6, f"{follow_up.region.name}, {follow_up.region.title}, by {follow_up.criteria.name}")
    volume, area, regions = figure.subplots(3, 1, sharex=True, height_ratios=(1, 1, 0.75))
    intervals = [scan.regions[follow_up.region.name].solid_interval for scan in follow_up.scans]
    _judged(volume, follow_up.responses["volume"], "volume", intervals, minor=follow_up.criteria.minor)
    _judged(area, follow_up.responses["area"], "area", [None] * len(intervals), minor=follow_up.criteria.minor)
    _regions(regions, follow_up)
    regions.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _judged(
    axes: Axes, judged: Sequence[Assessment], rule: Rule, intervals: Sequence[Interval | None], *, minor: bool
) -> None:
    days, sizes = [one.day for one in judged], [one.size for one in judged]
    top = max([*sizes, *(one.high for one in intervals if one)], default=0) * HEADROOM or 1.0
    right = days[-1] + _margin(days)
    _zones(axes, judged, THRESHOLDS[rule], right, top, minor=minor)
    axes.plot(days, sizes, color=INK, lw=1.4, zorder=3)
    followed = [one for one in judged if one.role != "before"]
    nadir = min(followed, key=lambda one: one.size)
    for one, interval in zip(judged, intervals, strict=True):
        if interval is not None:
            axes.plot([one.day, one.day], [interval.low, interval.high], color=INK, lw=1.0, alpha=0.6, zorder=2)
        _point(axes, one)
        _label(axes, one, max(one.size, interval.high if interval else 0), nadir=one is nadir)
    axes.set_ylim(-0.03 * top, top)
    axes.set_xlim(days[0] - _margin(days), right)
    title, unit = TITLES[rule]
    frame_chart(axes, title, up=unit)
    if len(followed) > 1:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, fontsize=TICK_POINTS, labelcolor=INK,
            borderaxespad=0.2, handlelength=1.2, columnspacing=1.4,
        )  # fmt: skip


def _margin(days: Sequence[int]) -> float:
    return 0.06 * (days[-1] - days[0]) or 1.0


def _zones(
    axes: Axes, judged: Sequence[Assessment], limits: Thresholds, right: float, top: float, *, minor: bool
) -> None:
    """Where a size is large enough for progression, and below that small enough for a response.

    Each stretch shows the limits of the scan that ends it, the last one to the right edge; that of progression is held
    against the smallest size before, so it falls.
    """
    seen = [one for one in judged if one.role != "before"]
    edges = [one.day for one in seen[:-1]] + [right]
    baseline = seen[0].size
    axes.plot([seen[0].day, right], [baseline, baseline], color=SOFT, lw=0.8, ls=DASHES, zorder=1)
    responses = [(limits.partial, f"PR: {-100 * limits.partial:.0f} % below baseline")]
    if minor and limits.minor is not None:
        responses.append((limits.minor, f"MR: {-100 * limits.minor:.0f} % below baseline"))
    growth = f"PD: {100 * limits.progression:.0f} % over the nadir so far"
    for n, (span, one) in enumerate(zip(pairwise(edges), seen[1:], strict=True)):
        first = n == 0  # named once
        nadir = one.over_nadir.before if one.over_nadir else baseline
        height = (1 + limits.progression) * nadir
        for limit, name in responses:
            upper = min(height, (1 + limit) * baseline)
            axes.fill_between(span, 0, upper, color=LESS, alpha=BAND, lw=0, label=name if first else None)
        axes.fill_between(span, height, max(height, top), color=MORE, alpha=BAND, lw=0, label=growth if first else None)


def _point(axes: Axes, one: Assessment) -> None:
    marker, colour, size = MARKS[one.category]
    face = PAPER if one.confirmed is False or one.role == "before" else colour
    axes.plot(one.day, one.size, marker, ms=size, mec=colour, mfc=face, mew=1.4, zorder=4, clip_on=False)


def _label(axes: Axes, one: Assessment, high: float, *, nadir: bool) -> None:
    """The category above a point, and below it in small letters what is to be known of it."""
    from matplotlib.patheffects import Normal, Stroke

    notes = []
    if one.confirmed is False:
        notes.append("unconfirmed")
    if one.category is not None and one.category != one.by_size:
        notes.append(f"by size {one.by_size}")
    if one.from_baseline is not None and one.from_baseline.after > one.size:
        notes.append("below 10 mm")
    if nadir and one.role == "follow-up":
        notes.append("nadir")
    rim = [Stroke(linewidth=2.5, foreground=PAPER), Normal()]
    above = 7.0
    for words, points, weight in ((", ".join(notes), TICK_POINTS - 0.5, "normal"), (_name(one), WORDS_POINTS, "bold")):
        if words:
            axes.annotate(
                words, (one.day, high), (0, above), textcoords="offset points", ha="center", va="bottom",
                fontsize=points, color=MARKS[one.category][1], weight=weight, path_effects=rim, zorder=5,
            )  # fmt: skip
            above += points + 2


def _name(one: Assessment) -> str:
    return one.category or ("baseline" if one.role == "baseline" else "before")


def _regions(axes: Axes, follow_up: FollowUp) -> None:
    days = [one.day for one in follow_up.responses["volume"]]
    for n, name in enumerate(follow_up.scans[0].regions):
        colour = hexadecimal(follow_up.scheme.region(name).colour)
        volumes = [scan.regions[name].volume_ml for scan in follow_up.scans]
        axes.plot(days, volumes, color=SOFT, lw=3.0, zorder=2 + n)
        axes.plot(days, volumes, color=colour, lw=1.8, marker="o", ms=5, mec=SOFT, mew=0.6, label=name, zorder=3 + n)
    axes.set_ylim(bottom=0)
    frame_chart(axes, "Volumes of all regions", across="days since baseline", up="mL")
    key(axes)
