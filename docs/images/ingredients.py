"""Draw docs/images/ingredients.png: cases without and with each ingredient. Run from the repository's root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.case import PhantomCase, Spec, make_case
from oncontour.data.phantom.ingredients import Ingredient
from oncontour.data.phantom.kinds import KINDS
from oncontour.data.phantom.lesion import CORE, Part
from oncontour.data.phantom.mni import load_mni
from oncontour.data.phantom.scanners import Scanners
from oncontour.drawing.files import png

SHOWN = {
    Ingredient.PHYSICS: Sequence.T2,
    Ingredient.BOUNDED: Sequence.T1CE,
    Ingredient.HAEMORRHAGE: Sequence.T1,
    Ingredient.CALCIFICATION: Sequence.T2,
    Ingredient.SEPTA: Sequence.T2,
    Ingredient.DIFFUSE: Sequence.FLAIR,
    Ingredient.SHIFT: Sequence.T1,
    Ingredient.SPREAD: Sequence.FLAIR,
    Ingredient.FAINT: Sequence.FLAIR,
    Ingredient.CORTEX: Sequence.T2,
    Ingredient.VENTRICLE: Sequence.T1CE,
    Ingredient.MOTION: Sequence.T2,
    Ingredient.RINGING: Sequence.T1,
    Ingredient.FOLIA: Sequence.T2,
}

CORE_MM2, BRAIN_SHARE = 250.0, 0.8
"""What the slice must show of core, and of brain relative to the largest slice, for a case to be drawn."""

CASES = 6
"""Looked at for each ingredient; the one that it changes most is drawn."""

OFF_CENTRE_MM = 8.0
"""Of the sagittal slice that shows the folia."""

COLUMNS, SPACING_MM = 4, 2.0
SIDE_MM = 200.0
"""Of each picture."""


def rates(ingredient: Ingredient) -> dict[str, float]:
    """Every tumour has the ingredient and no other."""
    of_tumours = [one for one in Ingredient if one in KINDS["adult"].rates.__dataclass_fields__]
    drawn = {str(one): float(one is ingredient) for one in of_tumours}
    return drawn | {"second": 0.0, "cyst": float(ingredient is Ingredient.SEPTA), "log_radius": 3.1}


def spec_of(ingredient: Ingredient, sequence: Sequence) -> Spec:
    """Of cases in which the ingredient stands out."""
    images = {one: float(one == ingredient) for one in ("physics", "motion", "ringing")}
    scanners = replace(Scanners(disorder=0.0, thick_slices=0.0), **images)
    kind = replace(KINDS["adult"], rates=replace(KINDS["adult"].rates, **rates(ingredient)))
    spec = Spec(SPACING_MM, skull=ingredient in (Ingredient.MOTION, Ingredient.RINGING), kind=kind, scanners=scanners)
    return replace(spec, sequences=(sequence,), tumour=ingredient is not Ingredient.FOLIA)


def telling_slice(case: PhantomCase, ingredient: Ingredient) -> int | None:
    """The axial slice with most core (or blood, or chalk); None where it shows little of it, or of the brain."""
    special = {Ingredient.HAEMORRHAGE: [Part.HAEMORRHAGE], Ingredient.CALCIFICATION: [Part.CALCIFICATION]}
    area = np.isin(case.parts, special.get(ingredient, CORE)).sum((0, 1))
    brain = case.brain.sum((0, 1))
    k = int(np.argmax(area))
    enough = area[k] * SPACING_MM**2 >= CORE_MM2 / (1 if ingredient not in special else 4)
    return k if enough and brain[k] >= BRAIN_SHARE * brain.max() else None


def pictures(ingredient: Ingredient, sequence: Sequence) -> list[NDArray]:
    """A slice (across, up) without, and with an ingredient; left is right, as radiologists read.

    Of the first cases with a telling slice the one in which the ingredient changes most of it.
    """
    spec = spec_of(ingredient, sequence)
    plain = replace(spec, without=(ingredient,))
    if ingredient is Ingredient.FOLIA:
        cases = [make_case(head, 0, one, threads=2) for one in (plain, spec)]
        middle = cases[0].parts.shape[0] // 2 + round(OFF_CENTRE_MM / SPACING_MM)
        return [one.images[sequence][middle] for one in cases]
    pairs, seed = [], 0
    while len(pairs) < CASES:
        case = make_case(head, seed, spec, threads=2)
        k = telling_slice(case, ingredient)
        if k is not None:
            other = make_case(head, seed, plain, threads=2)
            pairs.append([one.images[sequence][::-1, :, k] for one in (other, case)])
        seed += 1
    return max(pairs, key=change)


def change(pair: list[NDArray]) -> float:
    """Mean absolute difference of two slices, relative to their brightness, noise left out."""
    without, with_it = (gaussian_filter(one, 1.0) for one in pair)
    return float(np.abs(with_it - without).mean() / without.mean())


def squared(image: NDArray) -> NDArray:
    """A slice in the middle of a black square."""
    side = round(SIDE_MM / SPACING_MM)
    across, up = (np.flatnonzero(image.any(axis)) for axis in (1, 0))
    image = image[across[0] : across[-1] + 1, up[0] : up[-1] + 1]
    beyond = [max(size - side, 0) // 2 for size in image.shape]
    image = image[tuple(slice(low, low + side) for low in beyond)]
    before = [(side - size) // 2 for size in image.shape]
    return np.pad(image, [(low, side - size - low) for low, size in zip(before, image.shape, strict=True)])


def draw(axis: Axes, ingredient: Ingredient, sequence: Sequence) -> None:
    """Both cases, side by side."""
    both = np.concatenate([squared(image) for image in pictures(ingredient, sequence)]).T
    axis.imshow(both, cmap="gray", origin="lower", vmin=0, vmax=np.percentile(both[both > 0], 99.5))
    axis.set_title(f"{ingredient}  ·  {sequence}", fontsize=9, color="white", weight="bold", pad=4)
    for x, word in ((0.01, "without"), (0.51, "with")):
        axis.text(x, 0.02, word, fontsize=7, color="#b9bec4", transform=axis.transAxes)
    axis.axvline(both.shape[1] / 2 - 0.5, color="#454b52", lw=0.6)
    axis.axis("off")


head = load_mni()
rows = -(-len(SHOWN) // COLUMNS)
figure = Figure(figsize=(13, 1.85 * rows), facecolor="black", layout="constrained")
panels = figure.subplots(rows, COLUMNS).ravel()
for panel, (ingredient, sequence) in zip(panels, SHOWN.items(), strict=False):
    draw(panel, ingredient, sequence)
for panel in panels[len(SHOWN) :]:
    panel.axis("off")
Path(__file__).with_suffix(".png").write_bytes(png(figure, dpi=80, smallest=True))
