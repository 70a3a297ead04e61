"""Pictures of a training: its curves, and predictions beside the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence as Channel
from oncontour.data.files import write_whole
from oncontour.drawing.files import hexadecimal, png
from oncontour.drawing.style import DASHES, INK, chart, frame_chart, key, series
from oncontour.inference.cascade import VIEW_AXES
from oncontour.training.job import Job
from oncontour.training.validate import Validated, network_input, region_masks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (Channel.FLAIR, Channel.T1CE, Channel.T2, Channel.ADC, Channel.T1)
"""Which sequences show a tumour best; the first two that the plan has are drawn."""

ENDS = ("RL", "PA", "IS")
"""Left and right of the screen for each axis of the array: the patient's right is on the left, as radiologists read."""


def draw_curves(path: Path, history: Sequence[Mapping[str, float]], job: Job) -> None:
    """Losses over epochs; beside them Dice of each region, where cases are held out to validate on."""
    figure = chart(11 if job.validation else 6, 4.2, f"{job.plan.name}, {job.name}")
    losses, *others = figure.subplots(1, 2 if job.validation else 1, squeeze=False)[0]
    validated = [row for row in history if "dice" in row]
    _losses(losses, history, validated)
    for scores in others:
        _scores(scores, validated, history[-1]["epoch"], job)
    _save(figure, path, dpi=110)


def _losses(axes: Axes, history: Sequence[Mapping[str, float]], validated: Sequence[Mapping[str, float]]) -> None:
    shown = [("training", "loss", history), ("validation", "validation_loss", validated)]
    for number, (name, column, rows) in enumerate(shown):
        if rows:
            colour, _ = series(number)
            axes.plot([row["epoch"] for row in rows], [row[column] for row in rows], color=colour, lw=1.6, label=name)
    _frame(axes, "loss", history[-1]["epoch"])
    key(axes)


def _scores(axes: Axes, validated: Sequence[Mapping[str, float]], last: float, job: Job) -> None:
    epochs = [row["epoch"] for row in validated]
    for name in job.regions:
        values = [row[f"dice_{name}"] for row in validated]
        _outlined(axes, epochs, values, _colour(job, name), f"{name} {values[-1]:.3f}" if values else name)
    if validated:
        means = [row["dice"] for row in validated]
        best = int(np.argmax(means))
        if len(job.regions) > 1:
            axes.plot(epochs, means, color=INK, lw=1.2, ls=DASHES, label=f"mean {means[-1]:.3f}")
        axes.axvline(epochs[best], color=INK, lw=0.8, ls=":")
        side = "right" if epochs[best] > last / 2 else "left"
        axes.text(epochs[best], 0.96, f" best {means[best]:.3f} ", color=INK, fontsize=8, ha=side)
        key(axes, loc="lower right")
    else:
        axes.text(0.5, 0.5, "no validation yet", ha="center", transform=axes.transAxes, color=INK)
    _frame(axes, "Dice on whole validation cases", last)
    axes.set_ylim(0, 1)


def draw_samples(path: Path, results: Sequence[Validated], job: Job, title: str) -> None:
    """A row a case: the slice with most tumour, the truth's contours, the prediction's, on up to two sequences."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    channels = _channels(job)
    columns = 2 * len(channels)
    tight = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    figure = Figure(figsize=(2.6 * columns, 2.9 * len(results)), facecolor="black", layout=tight)
    figure.suptitle(title, color="white", fontsize=10)
    panels = figure.subplots(len(results), columns, squeeze=False)
    for row, result in zip(panels, results, strict=True):
        truth = region_masks(result.case.regions, job.regions)
        area = (truth if truth.any() else result.found).any(0).sum((0, 1))
        slice_number = int(area.argmax()) if area.any() else truth.shape[3] // 2
        images = network_input(result.case, job.plan)
        scores = "  ".join(f"{name} {value:.2f}" for name, value in result.dice.items())
        for n, (number, name) in enumerate(channels):
            image = images[number][:, :, slice_number]
            for panel, masks, what in zip(row[2 * n :], (truth, result.found), ("truth", "prediction"), strict=False):
                _panel(panel, image, masks[..., slice_number], job)
                panel.set_title(f"{name}  {what}", color="#bbbbbb", fontsize=8, pad=3)
        row[0].text(0.02, 0.02, f"{result.case.name}\n{scores}", color="white", fontsize=7, transform=row[0].transAxes)
    _save(figure, path, dpi=100)


def _panel(panel: Axes, image: NDArray[np.float32], masks: NDArray[np.bool_], job: Job) -> None:
    inside = image[image != 0]
    low, high = np.percentile(inside, (1, 99)) if inside.size else (0, 1)
    panel.imshow(np.where(image != 0, image, low).T, cmap="gray", vmin=low, vmax=high, origin="lower")
    for name, mask in zip(job.regions, masks, strict=True):
        if mask.any():
            panel.contour(mask.T, levels=[0.5], colors=[_colour(job, name)], linewidths=1.1)
    first = VIEW_AXES[job.view][0] if job.view else 0
    ends = ENDS[first]
    if first == 0:
        panel.invert_xaxis()
    for end, x, side in ((ends[0], 0.02, "left"), (ends[1], 0.98, "right")):
        panel.text(x, 0.98, end, color="#bbbbbb", fontsize=7, ha=side, va="top", transform=panel.transAxes)
    panel.set_axis_off()


def _channels(job: Job) -> list[tuple[int, str]]:
    """Number and name of the channels to draw."""
    there = [one for one in SHOWN if one in job.plan.channels][:2]
    return [(job.plan.channels.index(one), str(one)) for one in there] or [(0, "image")]


def _colour(job: Job, region: str) -> str:
    """A region's; of several raters (`training.prepared.targets`) the same for each."""
    return hexadecimal(SCHEMES[job.plan.scheme].region(region.partition(" ")[0]).colour)


def _outlined(axes: Axes, x: list[float], y: list[float], colour: str, label: str) -> None:
    """A line in a region's colour with a dark rim: yellow is pale on paper."""
    from matplotlib.patheffects import Normal, Stroke

    line = axes.plot(x, y, color=colour, lw=2, label=label, marker="o" if len(x) < 2 else None)[0]
    line.set_path_effects([Stroke(linewidth=2.8, foreground="#555555"), Normal()])


def _frame(axes: Axes, title: str, last: float) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(0.5 if last < 20 else 0, last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    frame_chart(axes, title, across="epoch")


def _save(figure: Figure, path: Path, dpi: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda part: part.write_bytes(png(figure, dpi)))
