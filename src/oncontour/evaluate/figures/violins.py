"""Violins of a score by region and model, a panel a cohort (paper 000, Figure 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oncontour.drawing.style import chart, frame_chart, series
from oncontour.evaluate.compare import Model
from oncontour.evaluate.figures.axes import TITLES, metric_axis
from oncontour.evaluate.figures.layout import panel_inches, places, rows_of
from oncontour.evaluate.figures.marks import counts, draw_dots, draw_key, draw_median, draw_violin, finite
from oncontour.evaluate.figures.samples import Drawn, Row, names_of, regions_of

PANEL_HIGH_INCHES = 2.7


def violins(cohorts: Mapping[str, Sequence[Model]], metric: str = "dice") -> Drawn:
    """Models side by side in each region: violin, every case a dot, a bar at the median.

    Args:
        cohorts: name, which may be empty -> its models. A model has its colour by its name in all of them.
        metric: which the scores are, a column of `cases.csv`.
    """
    every = [model for models in cohorts.values() for model in models]
    names, regions = names_of(every), regions_of(every)
    rows = rows_of(regions, len(names))
    panels = [(cohort, shown) for cohort in cohorts for shown in rows]
    figure = chart(panel_inches(len(rows[0]), len(names)), PANEL_HIGH_INCHES * len(panels) + 0.3)
    x = places(len(rows[0]), len(names))
    values = finite(value for model in every for sample in model.scores.values() for value in sample.values())
    for (cohort, shown), axes in zip(panels, figure.subplots(len(panels), squeeze=False)[:, 0], strict=True):
        metric_axis(axes, metric, values)
        by_name = {model.name: model for model in cohorts[cohort]}
        labels = []
        for place, region in enumerate(shown):
            samples = {
                name: list(model.scores[region].values()) for name, model in by_name.items() if region in model.scores
            }
            for name, sample in samples.items():
                middle, (colour, marker) = x[place, names.index(name)], series(names.index(name))
                draw_violin(axes, middle, finite(sample), 0.92, colour)
                draw_dots(axes, middle, finite(sample), 0.8, colour, marker)
                draw_median(axes, middle, finite(sample), 0.92)
            labels.append(f"{region}\n{counts(samples.values())}".replace(" (", "\n("))
        axes.set_xticks(x.mean(axis=1)[: len(shown)], labels)
        axes.set_xlim(x[0, 0] - 0.8, x[-1, -1] + 0.8)
        title = " ".join([cohort, *names[: len(names) == 1]]).strip()
        frame_chart(axes, title if shown is rows[0] else "", up=TITLES[metric])
        axes.grid(visible=False, axis="x")
    draw_key(figure, names)
    return figure, _rows(cohorts, metric)


def _rows(cohorts: Mapping[str, Sequence[Model]], metric: str) -> list[Row]:
    return [
        {"cohort": cohort, "region": region, "model": model.name, "case": case, metric: value}
        for cohort, models in cohorts.items()
        for model in models
        for region, sample in model.scores.items()
        for case, value in sample.items()
    ]
