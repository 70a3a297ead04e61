"""The worst of each collection in one picture: an axial slice, the expert's outline and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from conditions.cases import COHORTS, Case
from conditions.changes import floor
from conditions.measure import Result, changed, files
from conditions.table import CONDITIONS, PLAIN
from oncontour.core.sequence import Sequence as Kind
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_channels
from oncontour.drawing.slices import frame, outline, write
from oncontour.drawing.views import AXIAL, picture
from oncontour.preprocess.resample import resample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRUTH, FOUND = "#56b4e9", "#e69f00"
"""Sky blue and orange of the Okabe-Ito palette."""
POINTS = 1.0

SHOWN: Mapping[str, tuple[Kind, ...]] = {
    "WT": (Kind.FLAIR, Kind.T2, Kind.T1CE, Kind.T1),
    "TC": (Kind.T1CE,),
}
"""The outlines that are drawn, each on the first of these sequences that is there."""

PANEL_IN, GAP_IN, TITLE_IN = 2.3, 0.06, 0.28
WINDOW = (1.0, 99.5)
PALE, DIM, BOARD = "#f2f2f2", "#b9bec4", "#14171a"


@dataclass(frozen=True, eq=False)
class Specimen:
    """One slice of a case in a condition.

    Args:
        result: of it.
        why: what it is the worst of.
        image: of one sequence, on the grid of what was found, RAS.
        sequence: which.
        region: whose outlines are drawn.
        found, truth: masks (i, j, k); of a healthy brain the truth is empty.
        index: of the axial slice.
    """

    result: Result
    why: str
    image: Volume
    sequence: Kind
    region: str
    found: NDArray[np.bool_]
    truth: NDArray[np.bool_]
    index: int


def worst_of(results: Sequence[Result]) -> list[tuple[str, Result]]:
    """The worst scan as it is, and the worst under any condition, with what each is."""
    done = [one for one in results if one.refused is None and "WT" in one.volume_ml]
    plain = [one for one in done if one.condition == PLAIN.name]
    others = [one for one in done if one.condition != PLAIN.name]
    named = (("worst as it is", plain), ("worst under a condition", others))
    return [(why, min(some, key=_goodness)) for why, some in named if some]


def _goodness(result: Result) -> float:
    return result.dice["WT"] if "WT" in result.dice else -result.volume_ml["WT"]


def specimens(result: Result, why: str, case: Case, folder: Path) -> list[Specimen]:
    """The slices of a result that are drawn: where truth and found differ most."""
    condition = next(one for one in CONDITIONS if one.name == result.condition)
    study, truth = changed(case, condition)
    masks = read_channels(files(folder, case.name, condition.name)[1])[0]
    drawn = []
    for region, sequences in SHOWN.items():
        shown = [sequence for sequence in sequences if sequence in study.images]
        if region not in result.regions or not shown or (truth is not None and region not in case.regions):
            continue
        found = masks.array[list(result.regions).index(region)] > 0
        real = truth.array[case.regions.index(region)] if truth is not None else np.zeros_like(found)
        volume = study.images[shown[0]].volume
        image = resample(volume, masks.grid, fill=floor(volume.array)).reoriented()
        found, real = (Volume(mask, masks.affine).reoriented().array for mask in (found, real))
        differing = (found != real).sum((0, 1))
        index = int(differing.argmax()) if differing.any() else found.shape[2] // 2
        drawn.append(Specimen(result, why, image, shown[0], region, found, real, index))
    return drawn


def worst(results: Sequence[Result], read: Callable[[str], Case], folder: Path) -> Figure:
    """A row a collection.

    Args:
        results: of all cases and conditions.
        read: a case by its name.
        folder: where the masks are kept.
    """
    from matplotlib.figure import Figure

    rows: list[tuple[str, list[Specimen]]] = []
    for cohort, title in COHORTS.items():
        named = worst_of([one for one in results if one.cohort == cohort])
        row = [specimen for why, result in named for specimen in specimens(result, why, read(result.case), folder)]
        if row:
            rows.append((title, row))
    columns = max(len(row) for _, row in rows)
    width = columns * (PANEL_IN + GAP_IN) + GAP_IN
    height = len(rows) * (PANEL_IN + TITLE_IN) + GAP_IN
    figure = Figure(figsize=(width, height), facecolor=BOARD)
    for number, (title, row) in enumerate(rows):
        top = 1 - number * (PANEL_IN + TITLE_IN) / height
        figure.text(GAP_IN / width, top - 0.2 / height, title, fontsize=9, color=PALE, weight="bold")
        for column, specimen in enumerate(row):
            left = (GAP_IN + column * (PANEL_IN + GAP_IN)) / width
            axes = figure.add_axes(
                (left, top - (TITLE_IN + PANEL_IN) / height, PANEL_IN / width, PANEL_IN / height), facecolor="black"
            )
            _draw(axes, specimen)
    for place, (word, colour) in enumerate((("expert", TRUTH), ("found", FOUND))):
        x = 1 - (1.3 - 0.65 * place) / width
        figure.text(x, 1 - 0.2 / height, word, fontsize=9, color=colour, weight="bold")
    return figure


def _draw(axes: Axes, specimen: Specimen) -> None:
    image, result = specimen.image, specimen.result
    inside = image.array > floor(image.array)
    low, high = np.percentile(image.array[inside], WINDOW)
    across, up = (np.flatnonzero(inside.any(other)) for other in ((1, 2), (0, 2)))
    step = image.grid.spacing
    middle = ((across[0] + across[-1] + 1) / 2 * step[0], (up[0] + up[-1] + 1) / 2 * step[1])
    side = max((across[-1] - across[0] + 1) * step[0], (up[-1] - up[0] + 1) * step[1]) + 16.0
    frame(axes, middle, side)
    pixels = picture(image.array, AXIAL, specimen.index)
    extent = (pixels.shape[1] * step[0], 0, 0, pixels.shape[0] * step[1])
    axes.imshow(pixels, cmap="gray", vmin=low, vmax=high, extent=extent, interpolation="bicubic", aspect="auto")
    for mask, colour, points in ((specimen.truth, TRUTH, POINTS + 0.3), (specimen.found, FOUND, POINTS)):
        outline(axes, mask[:, :, specimen.index], (step[0], step[1]), colour, points)
    title = next(one.title for one in CONDITIONS if one.name == result.condition)
    score = f"{specimen.region} Dice {result.dice[specimen.region]:.2f}" if specimen.region in result.dice else ""
    false_ml = result.volume_ml[specimen.region]
    said = score or (f"{specimen.region} {false_ml:.1f} mL, all of it false" if false_ml else "nothing found: right")
    write(axes, 0.02, 0.98, f"{result.case}  {specimen.sequence}", 7, PALE, ha="left", va="top", weight="bold")
    why = specimen.why if result.condition == PLAIN.name else f"{specimen.why}: {title}"
    write(axes, 0.02, 0.925, why, 5.5, DIM, ha="left", va="top")
    write(axes, 0.02, 0.02, said, 7, PALE, ha="left", va="bottom", weight="bold")
    write(axes, 0.02, 0.5, AXIAL.left, 7, PALE, ha="left", va="center", weight="bold")
    write(axes, 0.98, 0.5, AXIAL.right, 7, PALE, ha="right", va="center", weight="bold")
