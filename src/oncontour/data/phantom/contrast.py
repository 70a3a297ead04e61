"""How bright each tissue and each part of a tumour is on each sequence, drawn anew for every case.

Brightness is in arbitrary units, near 0 (air) to 1. Means keep the physical order of a sequence (fluid dark on T1,
bright on T2, dark on FLAIR) four times in five; otherwise they have no order at all, so that no network can lean on it.
The scanners say how far cases lie apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import DEEP_MATTER, FLUID, GREY_MATTER, WHITE_MATTER, Tissue
from oncontour.data.phantom.haemorrhage import BloodAge
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.relaxation import Vascular
from oncontour.data.phantom.scanners import ANY_SCANNER, Scanners

_SPREAD = 0.04
"""Deviation between structures of one class."""

OUTSIDE: Mapping[Sequence, Mapping[Tissue, tuple[float, float]]] = {
    Sequence.T1: {
        Tissue.SKIN: (0.6, 1.2), Tissue.MUSCLE: (0.3, 0.6), Tissue.BONE: (0.02, 0.15), Tissue.MARROW: (0.5, 1.1),
        Tissue.EYE: (0.1, 0.3), Tissue.SOFT: (0.3, 0.7), Tissue.CAVITY: (0.0, 0.1), Tissue.FAT: (0.9, 1.4),
    },
    Sequence.T2: {
        Tissue.SKIN: (0.3, 0.7), Tissue.MUSCLE: (0.1, 0.3), Tissue.BONE: (0.02, 0.15), Tissue.MARROW: (0.3, 0.7),
        Tissue.EYE: (0.7, 1.1), Tissue.SOFT: (0.3, 0.8), Tissue.CAVITY: (0.0, 0.1), Tissue.FAT: (0.5, 0.9),
    },
    Sequence.FLAIR: {
        Tissue.SKIN: (0.3, 0.8), Tissue.MUSCLE: (0.15, 0.4), Tissue.BONE: (0.02, 0.15), Tissue.MARROW: (0.3, 0.8),
        Tissue.EYE: (0.02, 0.2), Tissue.SOFT: (0.3, 0.7), Tissue.CAVITY: (0.0, 0.1), Tissue.FAT: (0.6, 1.1),
    },
    Sequence.ADC: {
        Tissue.SKIN: (0.0, 0.3), Tissue.MUSCLE: (0.2, 0.5), Tissue.BONE: (0.0, 0.05), Tissue.MARROW: (0.0, 0.2),
        Tissue.EYE: (0.7, 1.0), Tissue.SOFT: (0.1, 0.5), Tissue.CAVITY: (0.0, 0.02), Tissue.FAT: (0.0, 0.1),
    },
}  # fmt: skip
"""Range of the mean of each tissue outside the brain; T1CE takes T1's."""


@dataclass(frozen=True)
class Contrast:
    """Means and deviations of every tissue on one sequence.

    Args:
        white, grey, fluid: class means that tumours are drawn relative to.
        means, deviations: by `Tissue` value, float32.
    """

    white: float
    grey: float
    fluid: float
    means: np.ndarray
    deviations: np.ndarray


@dataclass(frozen=True)
class Brightness:
    """How bright everything is in one case.

    Args:
        contrasts: of each sequence.
        parts: of a tumour, on each sequence, relative to white matter.
        vascular: how much brighter healthy structures become with contrast agent; empty: not said.
    """

    contrasts: Mapping[Sequence, Contrast]
    parts: Mapping[Part, Mapping[Sequence, float]]
    vascular: Mapping[Vascular, float] = field(default_factory=dict)

    def of_parts(self) -> dict[Part, dict[Sequence, float]]:
        """Brightness of a tumour's parts as it is, no longer relative."""
        return {
            part: {s: self.contrasts[s].white + mean for s, mean in row.items()} for part, row in self.parts.items()
        }

    def faded(self, share: float) -> Brightness:
        """The same with a tumour that differs from white matter by a share of what it did."""
        return replace(
            self, parts={part: {s: share * mean for s, mean in row.items()} for part, row in self.parts.items()}
        )


def _classes(rng: np.random.Generator, sequence: Sequence, scanners: Scanners) -> tuple[float, float, float, float]:
    """Means of white matter, grey matter, deep grey matter and fluid."""
    uniform = partial(scanners.uniform, rng)
    if rng.random() < scanners.disorder:
        white, grey, deep, fluid = rng.uniform(0.1, 1.0, 4)
        return white, grey, deep, fluid
    match sequence:
        case Sequence.T1 | Sequence.T1CE:
            white = uniform(0.6, 0.85)
            grey = white - uniform(0.06, 0.28)
            return white, grey, grey + uniform(0.3, 0.9) * (white - grey), uniform(0.05, 0.35)
        case Sequence.T2:
            white = uniform(0.25, 0.5)
            return white, white + uniform(0.03, 0.25), white + uniform(-0.1, 0.2), uniform(0.75, 1.1)
        case Sequence.FLAIR:
            white = uniform(0.35, 0.6)
            grey = white + uniform(-0.02, 0.14)
            return white, grey, grey + uniform(-0.08, 0.08), uniform(0.02, 0.25)
        case Sequence.ADC:
            white = uniform(0.22, 0.28)
            return white, white + uniform(0.0, 0.06), white + uniform(-0.02, 0.05), uniform(0.8, 1.1)


def draw_contrast(rng: np.random.Generator, sequence: Sequence, scanners: Scanners = ANY_SCANNER) -> Contrast:
    """Draw the brightness of all tissues on one sequence."""
    white, grey, deep, fluid = _classes(rng, sequence, scanners)
    uniform, spread = partial(scanners.uniform, rng), _SPREAD * scanners.width
    means = np.zeros(len(Tissue), np.float32)
    outside = OUTSIDE[Sequence.T1 if sequence is Sequence.T1CE else sequence]
    any_order = rng.random() < scanners.disorder
    for tissue in Tissue:
        if tissue in WHITE_MATTER:
            means[tissue] = white + rng.normal(0, spread)
        elif tissue in GREY_MATTER:
            means[tissue] = grey + rng.normal(0, spread)
        elif tissue in DEEP_MATTER:
            means[tissue] = deep + rng.normal(0, spread)
        elif tissue in FLUID:
            means[tissue] = fluid + rng.normal(0, spread)
        elif tissue in outside:
            means[tissue] = rng.uniform(0.0, 1.0) if any_order else uniform(*outside[tissue])
    return Contrast(white, grey, fluid, np.clip(means, 0.0, None), draw_deviations(rng))


def draw_deviations(rng: np.random.Generator) -> np.ndarray:
    """Draw how much each tissue varies about its mean."""
    deviations = rng.uniform(0.005, 0.06, len(Tissue)).astype(np.float32)
    deviations[Tissue.AIR] = 0.0
    return deviations


def draw_contrasts(
    rng: np.random.Generator, sequences: tuple[Sequence, ...], scanners: Scanners = ANY_SCANNER
) -> dict[Sequence, Contrast]:
    """Draw all sequences of one case; T1CE mostly repeats T1 but for its gain."""
    drawn = {sequence: draw_contrast(rng, sequence, scanners) for sequence in sequences}
    if Sequence.T1 in drawn and Sequence.T1CE in drawn and rng.random() < scanners.unchanged_after_contrast:
        t1, gain = drawn[Sequence.T1], scanners.uniform(rng, 0.9, 1.1)
        drawn[Sequence.T1CE] = Contrast(
            t1.white * gain, t1.grey * gain, t1.fluid * gain, t1.means * gain, t1.deviations
        )
    return drawn


_RANGES: Mapping[Part, Mapping[Sequence, tuple[float, float]]] = {
    Part.ENHANCING: {
        Sequence.T1: (-0.3, 0.0), Sequence.T1CE: (0.08, 0.7), Sequence.T2: (0.0, 0.45), Sequence.FLAIR: (0.0, 0.6),
        Sequence.ADC: (-0.05, 0.25),
    },
    Part.SOLID: {
        Sequence.T1: (-0.35, -0.03), Sequence.T1CE: (-0.35, 0.0), Sequence.T2: (0.1, 0.55), Sequence.FLAIR: (0.05, 0.7),
        Sequence.ADC: (0.0, 0.3),
    },
    Part.NECROSIS: {
        Sequence.T1: (-0.5, -0.15), Sequence.T1CE: (-0.5, -0.15), Sequence.T2: (0.15, 0.7),
        Sequence.FLAIR: (-0.3, 0.45), Sequence.ADC: (0.15, 0.7),
    },
    Part.EDEMA: {
        Sequence.T1: (-0.25, 0.0), Sequence.T1CE: (-0.25, 0.0), Sequence.T2: (0.08, 0.5), Sequence.FLAIR: (0.12, 0.8),
        Sequence.ADC: (0.1, 0.4),
    },
    Part.INFILTRATION: {
        Sequence.T1: (-0.15, 0.0), Sequence.T1CE: (-0.15, 0.0), Sequence.T2: (0.05, 0.3), Sequence.FLAIR: (0.1, 0.4),
        Sequence.ADC: (-0.01, 0.04),
    },
    Part.CYST: {
        Sequence.T1: (0.0, 0.2), Sequence.T1CE: (0.0, 0.2), Sequence.T2: (-0.2, 0.1), Sequence.FLAIR: (0.0, 0.35),
        Sequence.ADC: (-0.2, 0.05),
    },
    Part.CAVITY: {
        Sequence.T1: (0.0, 0.15), Sequence.T1CE: (0.0, 0.15), Sequence.T2: (-0.2, 0.05), Sequence.FLAIR: (0.0, 0.3),
        Sequence.ADC: (-0.2, 0.05),
    },
    Part.BLOOD: {
        Sequence.T1: (0.05, 0.5), Sequence.T1CE: (0.05, 0.5), Sequence.T2: (-0.25, 0.5), Sequence.FLAIR: (-0.2, 0.5),
        Sequence.ADC: (-0.2, 0.2),
    },
    Part.GAS: dict.fromkeys(Sequence, (-1.0, -0.5)),
    Part.CALCIFICATION: {
        Sequence.T1: (-0.35, 0.15), Sequence.T1CE: (-0.35, 0.15), Sequence.T2: (-0.4, -0.12),
        Sequence.FLAIR: (-0.5, -0.12), Sequence.ADC: (-0.25, -0.1),
    },
}  # fmt: skip
"""Brightness of each part relative to white matter; of cysts and cavities relative to fluid; of enhancement on T1CE
to the brighter of white and grey matter."""

_BLOOD: Mapping[BloodAge, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    BloodAge.HYPERACUTE: ((-0.25, 0.0), (0.1, 0.5), (0.05, 0.45)),
    BloodAge.ACUTE: ((-0.25, 0.05), (-0.3, -0.05), (-0.35, -0.05)),
    BloodAge.EARLY_SUBACUTE: ((0.1, 0.5), (-0.3, -0.05), (-0.3, 0.1)),
    BloodAge.LATE_SUBACUTE: ((0.1, 0.5), (0.15, 0.6), (0.1, 0.5)),
    BloodAge.CHRONIC: ((-0.3, 0.0), (-0.4, -0.15), (-0.5, -0.15)),
}
"""Ranges on T1 (before and after contrast agent), T2 and FLAIR, of blood in the core by its age, as other parts'."""

_WEAK = (0.03, 0.12)
"""Range of weak enhancement on T1CE."""

_SAME_AFTER_CONTRAST = (Part.CYST, Part.CAVITY, Part.BLOOD, Part.HAEMORRHAGE, Part.CALCIFICATION)
"""What takes up no contrast agent: on T1CE as on T1, nearly. Blood is told from enhancement by T1 alone."""


def draw_parts(
    rng: np.random.Generator,
    contrasts: Mapping[Sequence, Contrast],
    scanners: Scanners = ANY_SCANNER,
    weak: bool = False,
    age: BloodAge = BloodAge.LATE_SUBACUTE,
) -> dict[Part, dict[Sequence, float]]:
    """Draw the mean brightness of each part of a tumour on each sequence, relative to white matter.

    Args:
        weak: whether enhancement is weak.
        age: of blood in the core.
    """
    drawn: dict[Part, dict[Sequence, float]] = {}
    t1, t2, flair = _BLOOD[age]
    blood = {
        Sequence.T1: t1, Sequence.T1CE: t1, Sequence.T2: t2, Sequence.FLAIR: flair, Sequence.ADC: (-0.2, 0.2)
    }  # fmt: skip
    for part, ranges in {**_RANGES, Part.HAEMORRHAGE: blood}.items():
        drawn[part] = {}
        for sequence, contrast in contrasts.items():
            limits, base = ranges[sequence], 0.0
            if part is Part.ENHANCING and sequence is Sequence.T1CE:
                base = max(contrast.grey - contrast.white, 0.0)
                limits = _WEAK if weak else limits
            elif part in (Part.CYST, Part.CAVITY):
                base = contrast.fluid - contrast.white
            drawn[part][sequence] = base + scanners.uniform(rng, *limits)
        if part in _SAME_AFTER_CONTRAST and Sequence.T1 in contrasts and Sequence.T1CE in contrasts:
            drawn[part][Sequence.T1CE] = drawn[part][Sequence.T1] + rng.normal(0.0, 0.02)
    return drawn
