"""docs/images/calibration.png: reliability of probabilities, predicted against true Dice, intervals of volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calibration_scores import Case, dice_pairs, reliability
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from oncontour.core.labels import LabelScheme
from oncontour.report.drawing import png

INK, SOFT, GRID = "#1b1f24", "#59626c", "#e4e7eb"
COLOURS = {"phantoms": "#0072b2", "real scans": "#d55e00"}
"""Okabe and Ito's blue and vermilion: told apart by the colour-blind too; markers differ besides."""
MARKERS = {"phantoms": "o", "real scans": "D"}
PANEL_INCHES = (3.3, 3.1)


def picture(groups: Mapping[str, Sequence[Case]], scheme: LabelScheme) -> bytes:
    """A PNG: a column a region, a row a question."""
    regions = [region for region in scheme.regions if any(c.region == region.name for g in groups.values() for c in g)]
    size = (PANEL_INCHES[0] * len(regions), PANEL_INCHES[1] * 3)
    figure = Figure(figsize=size, facecolor="white", layout="constrained")
    grid = figure.subplots(3, len(regions), squeeze=False)
    for column, region in enumerate(regions):
        own = {name: [case for case in cases if case.region == region.name] for name, cases in groups.items()}
        grid[0, column].set_title(f"{region.name}, {region.title}", fontsize=10, weight="bold", color=INK, loc="left")
        for row, draw in enumerate((_reliability, _dice, _volumes)):
            draw(grid[row, column], own)
            _frame(grid[row, column], first=column == 0)
    return png(figure, dpi=110, smallest=True)


def _reliability(axes: Axes, groups: Mapping[str, Sequence[Case]]) -> None:
    axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=(0, (4, 3)))
    for name, cases in groups.items():
        voxels, chance, share = reliability(cases).T
        there = voxels > 0
        if there.any():
            axes.plot(chance[there], share[there], color=COLOURS[name], marker=MARKERS[name], ms=4, lw=1.3, label=name)
    _unit(axes, "probability", "share that is tumour")


def _dice(axes: Axes, groups: Mapping[str, Sequence[Case]]) -> None:
    axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls=(0, (4, 3)))
    for name, cases in groups.items():
        predicted, true, *_ = dice_pairs(cases).T
        filled = COLOURS[name] if name == "phantoms" else "none"
        axes.scatter(
            predicted, true, s=22, marker=MARKERS[name], facecolors=filled, edgecolors=COLOURS[name], lw=1.1, alpha=0.8,
            label=name,
        )  # fmt: skip
    _unit(axes, "predicted Dice", "true Dice")


def _volumes(axes: Axes, groups: Mapping[str, Sequence[Case]]) -> None:
    axes.axhline(1.0, color=SOFT, lw=0.8, ls=(0, (4, 3)))
    place = 0
    for name, cases in groups.items():
        given = [(case, case.interval) for case in sorted(cases, key=lambda case: case.observed.volume_ml)]
        for case, interval in given:
            if interval is None:
                continue
            volume = case.observed.volume_ml
            ends = interval.low / volume, interval.high / volume
            axes.plot([place] * 2, ends, color=COLOURS[name], lw=1.6, alpha=0.35)
            marker, points, colour = (MARKERS[name], 3.5, COLOURS[name]) if case.covered else ("X", 6, INK)
            axes.plot(place, case.observed.reference_ml / volume, marker=marker, ms=points, color=colour, mew=0)
            place += 1
        place += 2 if given else 0
    axes.set_yscale("log")
    axes.set_yticks([0.25, 0.5, 1, 2, 4], ["¼", "½", "1", "2", "4"])
    axes.minorticks_off()
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.4), max(high, 2.5))
    axes.set_xticks([])
    axes.set_xlabel("cases, by volume", fontsize=8, color=INK)
    axes.set_ylabel("true / predicted volume", fontsize=8, color=INK)


def _unit(axes: Axes, across: str, up: str) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_aspect("equal")
    axes.set_xlabel(across, fontsize=8, color=INK)
    axes.set_ylabel(up, fontsize=8, color=INK)
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(frameon=False, fontsize=7.5, labelcolor=INK, loc="upper left")


def _frame(axes: Axes, first: bool) -> None:
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(SOFT)
    axes.tick_params(labelsize=7.5, colors=SOFT, length=2.5)
    if not first:
        axes.set_ylabel("")
        if legend := axes.get_legend():
            legend.remove()
