"""Draw docs/images/figures.png: every figure of an evaluation, from made-up numbers. Run from the repository's root."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from scipy.ndimage import binary_erosion

from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.data.phantom.rater import second_reading
from oncontour.drawing.files import png
from oncontour.evaluate.compare import Model
from oncontour.evaluate.figures.bland_altman import bland_altman_plots
from oncontour.evaluate.figures.box_brackets import box_brackets
from oncontour.evaluate.figures.heat_map import heat_map
from oncontour.evaluate.figures.overlays import overlays
from oncontour.evaluate.figures.proportions import proportions
from oncontour.evaluate.figures.samples import Measured
from oncontour.evaluate.figures.strips import strips
from oncontour.evaluate.figures.violins import violins
from oncontour.evaluate.figures.volumes import volumes

WIDTH, GAP = 1400, 24
"""Pixels of the picture, and between two figures."""

SEED, SPACING_MM = 34, 1.5
REGIONS = {"WT": 14, "ET": 5, "NET": 3, "CC": 4, "ED": 2, "NETCCED": 6}
"""Name, and how sharply Dice gathers near 1."""


def model(random: np.random.Generator, name: str, cases: int, quality: float) -> Model:
    """Dice as it tends to be: near 1, but 0 where a region was missed, and 1 where it was rightly not found."""
    scores = {}
    for number, (region, gathering) in enumerate(REGIONS.items()):
        dice = random.beta(gathering * quality, 1.6, cases)
        chance = random.random(cases)
        dice[chance < 0.02 * (1 + number) / quality] = 0
        dice[chance > 1 - 0.03 * number] = 1
        scores[region] = {f"case {n}": float(value) for n, value in enumerate(dice)}
    return Model(name, scores)


def measured(random: np.random.Generator, region: str, name: str, error: float) -> Measured:
    """Shares of the whole tumour."""
    true = random.beta(0.9, 1.1, 60)
    found = np.clip(true + random.normal(0, error, 60), 0, 1)
    return Measured(region, name, "", tuple(f"case {n}" for n in range(60)), found, true)


def percent(one: Measured) -> Measured:
    """The same in percent."""
    return Measured(one.region, one.model, one.cohort, one.cases, 100 * one.pred, 100 * one.ref)


def volume(random: np.random.Generator, name: str, cases: int, middle: float, empty: float) -> Model:
    """Volumes in mL, each region about a third of the last, inner ones absent at times."""
    scores = {}
    for number, region in enumerate(("WT", "TC", "ET")):
        found = random.lognormal(middle - 1.1 * number, 1.0, cases) * (random.random(cases) >= empty * number)
        scores[region] = {f"case {n}": float(value) for n, value in enumerate(found)}
    return Model(name, scores)


def raters(random: np.random.Generator) -> Figure:
    """Three experts and two models: medians of each pair."""
    names = ["E1", "E2", "E3", "AI-B", "AI-TE"]
    medians = np.full((5, 5), np.nan)
    for one in range(5):
        for other in range(one):
            low = 0.84 if one < 3 else 0.72 if 3 in (one, other) else 0.8
            medians[one, other] = medians[other, one] = random.uniform(low, low + 0.05)
    return heat_map(names, medians, np.full((5, 5), 60))[0]


def brackets(random: np.random.Generator) -> Figure:
    """Each expert as the reference."""
    panels, p = {}, {}
    for reference in ("E1", "E2", "E3"):
        others = [name for name in ("E1", "E2", "E3") if name != reference]
        gathering = dict.fromkeys(others, 10) | {"AI-TE": 8, "AI-B": 4}
        panels[f"{reference} as reference"] = {
            name: {f"case {n}": float(value) for n, value in enumerate(random.beta(power, 1.7, 60))}
            for name, power in gathering.items()
        }
        p[f"{reference} as reference"] = {("AI-TE", "AI-B"): 0.02, **{(name, "AI-B"): 0.0004 for name in others}}
    p["E2 as reference"]["E1", "AI-TE"] = 0.03
    return box_brackets(panels, p)[0]


def slices() -> Figure:
    """A synthetic case, its second reader, and a model that sees too little."""
    case = make_case(load_mni(), SEED, Spec(spacing_mm=SPACING_MM))
    second = case.values[second_reading(case.parts, case.brain, SEED, SPACING_MM)]
    sparse = np.where(binary_erosion(case.labels > 0, iterations=3), case.labels, 0).astype(np.uint8)
    images = {sequence: Volume(image, case.affine) for sequence, image in case.images.items()}
    masks = {"expert": case.labels, "second reader": second, "eroded": sparse}
    sources = {name: Volume(labels, case.affine) for name, labels in masks.items()}
    return overlays(images, sources, BRATS)[0]


def rows() -> list[list[Figure]]:
    """The figures, as they stand side by side."""
    random = np.random.default_rng(SEED)
    cohorts = {
        f"{name} test": [model(random, "nnU-Net", cases, high), model(random, "DeepMedic", cases, low)]
        for name, cases, high, low in (("Internal", 60, 1.0, 0.5), ("External", 46, 0.7, 0.4))
    }
    five = [model(random, name, 60, 0.4 + 0.15 * n) for n, name in enumerate(
        ("BraTS", "scratch", "transfer", "decoder", "encoder")
    )]  # fmt: skip
    shares = [
        measured(random, region, name, error) for name, error in (("A", 0.05), ("B", 0.2)) for region in ("ET", "NET")
    ]
    groups = [volume(random, "preoperative", 60, 4.2, 0.03), volume(random, "postoperative", 82, 3.4, 0.15)]
    return [
        [violins(cohorts)[0], bland_altman_plots([percent(one) for one in shares], "% of whole tumour")[0]],
        [strips({"WT": {one.name: one.scores["WT"] for one in five}})[0], volumes(groups)[0], raters(random)],
        [proportions(shares)[0], brackets(random)],
        [slices()],
    ]


def beside(figures: list[Figure]) -> list[Image.Image]:
    """Figures drawn so that all are equally high and together as wide as the picture."""
    shapes = [figure.get_size_inches() for figure in figures]
    high = (WIDTH - GAP * (len(figures) - 1)) / sum(width / height for width, height in shapes)
    dpi = [int(high / height) for _, height in shapes]
    return [Image.open(BytesIO(png(figure, one))) for figure, one in zip(figures, dpi, strict=True)]


def main() -> None:
    """Draw all, and put them onto one board."""
    drawn = [beside(figures) for figures in rows()]
    tall = sum(max(one.height for one in row) for row in drawn) + GAP * (len(drawn) - 1)
    board = Image.new("RGB", (WIDTH, tall), "white")
    top = 0
    for row in drawn:
        left = 0
        for one in row:
            board.paste(one, (left, top))
            left += one.width + GAP
        top += max(one.height for one in row) + GAP
    few = board.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(Path(__file__).with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    main()
