"""Volumes of each region by group, such as before and after surgery (paper 002, supplement), or predicted and true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oncontour.drawing.style import INK, SOFT, TICK_POINTS, chart, frame_chart, series
from oncontour.evaluate.compare import Model
from oncontour.evaluate.figures.axes import LINEAR_TO_ML, log_axis
from oncontour.evaluate.figures.layout import panel_inches, places, rows_of, write_head
from oncontour.evaluate.figures.marks import counts, draw_box, draw_dots, draw_key, draw_median, finite
from oncontour.evaluate.figures.samples import Drawn, names_of, regions_of

PANEL_HIGH_INCHES = 3.0
ROOM = 0.75
"""Below 0, for the numbers of empty cases."""


def volumes(groups: Sequence[Model]) -> Drawn:
    """Groups side by side in each region: box, every case a dot, a bar at the median, how many are empty.

    The axis holds 0: an empty region stands there, and is counted below.

    Args:
        groups: of different names; their scores are mL, 0 or more.
    """
    names, regions = names_of(groups), regions_of(groups)
    rows = rows_of(regions, len(names))
    figure = chart(panel_inches(len(rows[0]), len(names)), PANEL_HIGH_INCHES * len(rows) + 0.3)
    x = places(len(rows[0]), len(names))
    highest = max(finite(v for group in groups for s in group.scores.values() for v in s.values()), default=0.0)
    for shown, axes in zip(rows, figure.subplots(len(rows), squeeze=False)[:, 0], strict=True):
        log_axis(axes, highest, LINEAR_TO_ML, ROOM)
        labels = []
        for place, region in enumerate(shown):
            samples = {group.name: list(group.scores.get(region, {}).values()) for group in groups}
            for number, sample in enumerate(samples.values()):
                middle, (colour, marker), own = x[place, number], series(number), finite(sample)
                draw_box(axes, middle, own, 0.85, colour)
                draw_dots(axes, middle, own, 0.8, colour, marker)
                draw_median(axes, middle, own, 0.85)
                if empty := int(np.count_nonzero(own == 0)):
                    axes.text(
                        middle, -ROOM * LINEAR_TO_ML, f"{empty}", ha="center", va="bottom", fontsize=TICK_POINTS,
                        color=INK,
                    )  # fmt: skip
            labels.append(f"{region}\n{counts(samples.values())}".replace(" (", "\n("))
        axes.set_xticks(x.mean(axis=1)[: len(shown)], labels)
        axes.set_xlim(x[0, 0] - 0.8, x[-1, -1] + 0.8)
        frame_chart(axes, up="volume, mL")
        write_head(axes, names[0] if len(names) == 1 else "Volumes", [("at the bottom: how many are empty", SOFT)])
        axes.grid(visible=False, axis="x")
    draw_key(figure, names)
    return figure, [
        {"region": region, "group": group.name, "case": case, "volume_ml": value}
        for group in groups
        for region, sample in group.scores.items()
        for case, value in sample.items()
    ]
