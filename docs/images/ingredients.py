"""Draw docs/images/ingredients.png: cases without and with each ingredient. Run from the repository's root."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.case import PhantomCase, Spec, make_case
from oncontour.data.phantom.ingredients import Ingredient
from oncontour.data.phantom.kinds import KINDS
from oncontour.data.phantom.lesion import CORE, Part
from oncontour.data.phantom.mni import load_mni
from oncontour.data.phantom.scanners import Scanners

SHOWN = {
    Ingredient.PHYSICS: (Sequence.T2, 8),
    Ingredient.HAEMORRHAGE: (Sequence.T1, 0),
    Ingredient.CALCIFICATION: (Sequence.T2, 0),
    Ingredient.SEPTA: (Sequence.T2, 5),
    Ingredient.DIFFUSE: (Sequence.FLAIR, 5),
    Ingredient.SHIFT: (Sequence.T1, 15),
    Ingredient.SPREAD: (Sequence.FLAIR, 3),
    Ingredient.FAINT: (Sequence.FLAIR, 0),
    Ingredient.CORTEX: (Sequence.T2, 0),
    Ingredient.VENTRICLE: (Sequence.T1CE, 6),
    Ingredient.MOTION: (Sequence.T2, 3),
    Ingredient.RINGING: (Sequence.T1, 9),
    Ingredient.FOLIA: (Sequence.T2, 9),
}
"""Sequence and seed."""

OFF_CENTRE_MM = 8.0
"""Of the sagittal slice that shows the folia."""

COLUMNS, SPACING_MM = 5, 2.0


def rates(ingredient: Ingredient) -> dict[str, float]:
    """Every tumour has the ingredient and no other."""
    of_tumours = [one for one in Ingredient if one in KINDS["adult"].rates.__dataclass_fields__]
    drawn = {str(one): float(one is ingredient) for one in of_tumours}
    return drawn | {"second": 0.0, "cyst": float(ingredient is Ingredient.SEPTA), "log_radius": 3.1}


def pair(ingredient: Ingredient, sequence: Sequence, seed: int) -> list[PhantomCase]:
    """A case without and with an ingredient."""
    images = {one: float(one == ingredient) for one in ("physics", "motion", "ringing")}
    scanners = replace(Scanners(disorder=0.0, thick_slices=0.0), **images)
    kind = replace(KINDS["adult"], rates=replace(KINDS["adult"].rates, **rates(ingredient)))
    spec = Spec(SPACING_MM, skull=ingredient in (Ingredient.MOTION, Ingredient.RINGING), kind=kind, scanners=scanners)
    spec = replace(spec, sequences=(sequence,), tumour=ingredient is not Ingredient.FOLIA)
    return [make_case(head, seed, replace(spec, without=without), threads=2) for without in ((ingredient,), ())]


def draw(axis: plt.Axes, ingredient: Ingredient, sequence: Sequence, seed: int) -> None:
    """Both cases, side by side, in the slice with most of the second one's core."""
    cases = pair(ingredient, sequence, seed)
    parts = cases[1].parts
    special = [Part.HAEMORRHAGE] if ingredient is Ingredient.HAEMORRHAGE else CORE
    special = [Part.CALCIFICATION] if ingredient is Ingredient.CALCIFICATION else special
    k = int(np.argmax(np.isin(parts, special).sum((0, 1)))) or parts.shape[2] // 2
    middle = parts.shape[0] // 2 + round(OFF_CENTRE_MM / SPACING_MM)
    views = [one.images[sequence] for one in cases]
    folia = ingredient is Ingredient.FOLIA
    picture = np.hstack([image[middle].T if folia else image[::-1, :, k].T for image in views])
    axis.imshow(picture, cmap="gray", origin="lower", vmin=0, vmax=np.percentile(picture[picture > 0], 99.5))
    axis.set_title(f"{ingredient}, {sequence}", fontsize=9, color="white")


head = load_mni()
rows = -(-len(SHOWN) // COLUMNS)
figure, axes = plt.subplots(rows, COLUMNS, figsize=(14, 2.0 * rows), facecolor="black")
for axis, (ingredient, (sequence, seed)) in zip(axes.ravel(), SHOWN.items(), strict=False):
    draw(axis, ingredient, sequence, seed)
for axis in axes.ravel():
    axis.axis("off")
figure.tight_layout(pad=0.3)
figure.savefig(Path(__file__).with_suffix(".png"), dpi=75)
