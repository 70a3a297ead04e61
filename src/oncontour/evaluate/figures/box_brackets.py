"""Box plots with brackets over the pairs that differ (paper 001, Figure 4 B to D: each expert as the reference)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from oncontour.core.errors import InputError
from oncontour.drawing.style import INK, PAPER, SOFT, TICK_POINTS, frame_chart, series
from oncontour.evaluate.figures import layout
from oncontour.evaluate.figures.axes import RATINGS, TITLES, metric_axis
from oncontour.evaluate.figures.layout import EDGES_INCHES, write_head
from oncontour.evaluate.figures.marks import counts, draw_box, draw_dots, draw_key, draw_median, draw_steps, finite
from oncontour.evaluate.figures.samples import Drawn, Row, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = ((0.001, "∗∗"), (0.05, "∗"))
"""P below -> what a bracket says, as in paper 001."""

BOX_INCHES, BOXES_HIGH_INCHES, LEVEL_INCHES = 0.62, 2.6, 0.2
"""Width of a box, height of a panel without brackets, and what a level of brackets adds."""

UPRIGHT_LETTERS = 9
"""Longer names stand in a key."""

Pair = tuple[str, str]


def box_brackets(
    panels: Mapping[str, Mapping[str, Sample]], p: Mapping[str, Mapping[Pair, float]], metric: str = "dice"
) -> Drawn:
    """A panel a reference: the others' scores against it, brackets where P is below 0.05 (*) or 0.001 (**).

    Args:
        panels: title, such as a reference's name -> rater or model -> its cases' scores.
        p: title -> two raters -> P, adjusted if that is what shall be shown; those of one panel are its family.
        metric: which the scores are, a column of `cases.csv`, or a scale of raters (`axes.RATINGS`), on which discs
            stand for cases.

    Raises:
        InputError: P of a rater that its panel lacks.
    """
    names = list(dict.fromkeys(name for samples in panels.values() for name in samples))
    brackets = {title: _brackets(list(samples), p.get(title, {})) for title, samples in panels.items()}
    levels = max((level + 1 for own in brackets.values() for _, _, level in own), default=0)
    width = max(2.4, BOX_INCHES * max(map(len, panels.values())) + EDGES_INCHES)
    figure, grid = layout.panels(len(panels), width, BOXES_HIGH_INCHES + LEVEL_INCHES * levels)
    values = finite(value for samples in panels.values() for sample in samples.values() for value in sample.values())
    long = max(map(len, names)) > UPRIGHT_LETTERS
    rows: list[Row] = []
    for axes, (title, samples) in zip(grid, panels.items(), strict=True):
        metric_axis(axes, metric, values)
        for place, (name, sample) in enumerate(samples.items()):
            colour, marker = series(names.index(name))
            draw_box(axes, place, finite(sample.values()), 0.66, colour)
            if metric in RATINGS:
                draw_steps(axes, place, finite(sample.values()), colour)
            else:
                draw_dots(axes, place, finite(sample.values()), 0.6, colour, marker)
            draw_median(axes, place, finite(sample.values()), 0.66)
            rows += [_row(title, "case", name, "", case, value) for case, value in sample.items()]
        axes.set_xticks(range(len(samples)), [""] * len(samples) if long else list(samples))
        axes.set_xlim(-0.6, len(samples) - 0.4)
        frame_chart(axes, up=TITLES[metric] if layout.leftmost(axes) else "")
        axes.grid(visible=False, axis="x")
        lines = [(counts(list(sample.values()) for sample in samples.values()), SOFT)]
        lines += [("∗ P < 0.05, ∗∗ P < 0.001", SOFT)] if levels else []
        _draw_brackets(axes, brackets[title], levels)
        write_head(axes, title, lines)
        rows += [_row(title, "P", first, second, "", value) for (first, second), value in p.get(title, {}).items()]
    if long:
        draw_key(figure, names)
    return figure, rows


def _row(panel: str, mark: str, sample: str, other: str, case: str, value: float) -> Row:
    return {"panel": panel, "mark": mark, "sample": sample, "other": other, "case": case, "value": value}


def _brackets(names: Sequence[str], p: Mapping[Pair, float]) -> list[tuple[tuple[int, int], str, int]]:
    """The ends of each bracket, what it says and its level."""
    said: dict[tuple[int, int], str] = {}
    for (first, second), value in p.items():
        ends = sorted((_place(names, first), _place(names, second)))
        mark = next((mark for below, mark in MARKS if value < below), "")
        if mark:
            said[ends[0], ends[1]] = mark
    return [(ends, said[ends], level) for ends, level in levels_of(list(said)).items()]


def _place(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise InputError("P values", repr(name), f"one of {', '.join(names)}", "Name them as the samples are.")
    return names.index(name)


def levels_of(spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """A level for each bracket, short ones low, so that no two of one level touch.

    >>> levels_of([(0, 2), (0, 1), (1, 2), (2, 3)])
    {(0, 1): 0, (1, 2): 1, (2, 3): 0, (0, 2): 2}
    """
    levels: dict[tuple[int, int], int] = {}
    for span in sorted(spans, key=lambda ends: (ends[1] - ends[0], ends)):
        taken = {level for other, level in levels.items() if other[0] <= span[1] and span[0] <= other[1]}
        levels[span] = next(level for level in range(len(spans) + 1) if level not in taken)
    return levels


def _draw_brackets(axes: Axes, brackets: Sequence[tuple[tuple[int, int], str, int]], levels: int) -> None:
    """Above the scores, in room that is made for them: all panels have the same."""
    if not levels:
        return
    transform = axes.yaxis.get_transform()
    low, high = axes.get_ylim()
    bottom, top = transform.transform([low, high])
    step = (top - bottom) * LEVEL_INCHES / BOXES_HIGH_INCHES
    back = transform.inverted().transform
    axes.set_ylim(low, float(back([top + step * (levels + 0.3)])[0]))
    axes.spines["left"].set_bounds(low, high)
    for (first, last), mark, level in brackets:
        foot, bar = back([top + step * (level + 0.25), top + step * (level + 0.5)])
        axes.plot([first, first, last, last], [foot, bar, bar, foot], color=INK, lw=0.9, gid="bracket")
        middle = axes.text((first + last) / 2, bar, mark, ha="center", va="center", fontsize=TICK_POINTS + 1, color=INK)
        middle.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 0.4})
