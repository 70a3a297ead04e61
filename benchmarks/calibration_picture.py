"""docs/images/calibration.png: reliability of probabilities, predicted against true Dice, intervals of volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calibration_scores import Case, dice_pairs
from matplotlib.axes import Axes

from oncontour.core.labels import LabelScheme
from oncontour.drawing.files import png
from oncontour.drawing.style import DASHES, INK, PANEL_INCHES, SOFT, chart, frame_chart, key, series
from oncontour.evaluate.reliability import reliability

STYLES = {"phantoms": series(0), "real scans": series(1)}


def picture(groups: Mapping[str, Sequence[Case]], scheme: LabelScheme) -> bytes:
    """A PNG: a column a region, a row a question."""
    regions = [region for region in scheme.regions if any(c.region == region.name for g in groups.values() for c in g)]
    figure = chart(PANEL_INCHES[0] * len(regions), PANEL_INCHES[1] * 3)
    grid = figure.subplots(3, len(regions), squeeze=False)
    for column, region in enumerate(regions):
        own = {name: [case for case in cases if case.region == region.name] for name, cases in groups.items()}
        for row, draw in enumerate((_reliability, _dice, _volumes)):
            draw(grid[row, column], own)
            _first(grid[row, column], column == 0)
        frame_chart(grid[0, column], f"{region.name}, {region.title}")
    return png(figure, dpi=110, smallest=True)


def _reliability(axes: Axes, groups: Mapping[str, Sequence[Case]]) -> None:
    axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=DASHES)
    for name, cases in groups.items():
        voxels, chance, share = reliability(case.observed.bins for case in cases).T
        there = voxels > 0
        if there.any():
            colour, marker = STYLES[name]
            axes.plot(chance[there], share[there], color=colour, marker=marker, ms=4, lw=1.3, label=name)
    _unit(axes, "probability", "share that is tumour")


def _dice(axes: Axes, groups: Mapping[str, Sequence[Case]]) -> None:
    axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=DASHES)
    for name, cases in groups.items():
        predicted, true, *_ = dice_pairs(cases).T
        colour, marker = STYLES[name]
        filled = colour if name == "phantoms" else "none"
        axes.scatter(
            predicted, true, s=22, marker=marker, facecolors=filled, edgecolors=colour, lw=1.1, alpha=0.8, label=name
        )
    _unit(axes, "predicted Dice", "true Dice")


def _volumes(axes: Axes, groups: Mapping[str, Sequence[Case]]) -> None:
    axes.axhline(1.0, color=SOFT, lw=0.8, ls=DASHES)
    place = 0
    for name, cases in groups.items():
        given = [(case, case.interval) for case in sorted(cases, key=lambda case: case.observed.volume_ml)]
        for case, interval in given:
            if interval is None:
                continue
            volume = case.observed.volume_ml
            ends = interval.low / volume, interval.high / volume
            colour, marker = STYLES[name]
            axes.plot([place] * 2, ends, color=colour, lw=1.6, alpha=0.35)
            marker, points, colour = (marker, 3.5, colour) if case.covered else ("X", 6, INK)
            axes.plot(place, case.observed.reference_ml / volume, marker=marker, ms=points, color=colour, mew=0)
            place += 1
        place += 2 if given else 0
    axes.set_yscale("log")
    axes.set_yticks([0.25, 0.5, 1, 2, 4], ["¼", "½", "1", "2", "4"])
    axes.minorticks_off()
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.4), max(high, 2.5))
    axes.set_xticks([])
    frame_chart(axes, across="cases, by volume", up="true / predicted volume")


def _unit(axes: Axes, across: str, up: str) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    frame_chart(axes, across=across, up=up)
    key(axes, loc="upper left")


def _first(axes: Axes, first: bool) -> None:
    """Only the first column has words at its side, and keys."""
    if not first:
        axes.set_ylabel("")
        if legend := axes.get_legend():
            legend.remove()
