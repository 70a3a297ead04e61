"""Relaxation times and proton density of tissues and of a tumour's parts, drawn around what has been measured.

Times in ms, densities relative to water. Ranges go around published values and hold several of them: methods differ by
more than people do (white matter at 3 T: 600 to 1100 ms; Assländer, arXiv 2409.05318).

- Brain, blood, muscle at 1.5 and 3 T: Stanisz et al., Magn Reson Med 2005 (T1 of white matter 884 and 1084, grey matter
  1124 and 1820, blood 1441 and 1932, muscle 1008 and 1412; T2 hardly changes with the field); Wansapura et al., J Magn
  Reson Imaging 1999 (3 T, in vivo: white matter 832 and 80, grey matter 1331 and 110).
- Fat and marrow: de Bazelaire et al., Radiology 2004. On turbo spin echoes fat decays more slowly than its T2 says.
- Gliomas and oedema: T1, T2 and density all above those of white matter (Blystad et al., Sci Rep 2020, and others).
- Relaxivity of gadolinium in plasma: 3.0 to 5.0 per mM and s (Szomolanyi et al., Invest Radiol 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.anatomy import DEEP_MATTER, FLUID, GREY_MATTER, WHITE_MATTER, Tissue
from oncontour.data.phantom.fields import Array
from oncontour.data.phantom.haemorrhage import BloodAge
from oncontour.data.phantom.lesion import Part

Range = tuple[float, float]


@dataclass(frozen=True)
class Ranges:
    """Of one tissue.

    Args:
        t1_low, t1_high: range of T1 at 1.5 T and at 3 T.
        t2, density: ranges.
    """

    t1_low: Range
    t1_high: Range
    t2: Range
    density: Range


BRAIN: Mapping[tuple[Tissue, ...], Ranges] = {
    WHITE_MATTER: Ranges((550, 850), (700, 1080), (64, 84), (0.66, 0.74)),
    GREY_MATTER: Ranges((950, 1250), (1250, 1700), (82, 108), (0.78, 0.86)),
    DEEP_MATTER: Ranges((800, 1050), (1050, 1400), (65, 92), (0.74, 0.82)),
    FLUID: Ranges((3500, 4500), (3800, 4600), (1200, 2300), (0.98, 1.0)),
}
"""The structures of a class lie within a few per cent of one another."""

OUTSIDE: Mapping[Tissue, Ranges] = {
    Tissue.SKIN: Ranges((350, 700), (400, 800), (30, 60), (0.5, 0.8)),
    Tissue.MUSCLE: Ranges((850, 1050), (1150, 1450), (30, 50), (0.7, 0.85)),
    Tissue.BONE: Ranges((300, 700), (300, 700), (1, 6), (0.05, 0.2)),
    Tissue.MARROW: Ranges((280, 600), (330, 620), (45, 90), (0.5, 0.9)),
    Tissue.EYE: Ranges((3000, 4300), (3300, 4500), (700, 1800), (0.95, 1.0)),
    Tissue.SOFT: Ranges((800, 1400), (1000, 1700), (40, 150), (0.7, 0.9)),
    Tissue.CAVITY: Ranges((1000, 1000), (1000, 1000), (10, 10), (0.0, 0.05)),
    Tissue.FAT: Ranges((230, 340), (300, 390), (70, 150), (0.8, 1.0)),
}


@dataclass(frozen=True)
class Relative:
    """A part of a tumour, relative to white matter or to fluid.

    Args:
        base: what it is compared with.
        t1, t2: ranges of factors.
        density: range.
    """

    base: Tissue
    t1: Range
    t2: Range
    density: Range


PARTS: Mapping[Part, Relative] = {
    Part.EDEMA: Relative(Tissue.WHITE, (1.25, 1.9), (1.4, 2.3), (0.74, 0.9)),
    Part.INFILTRATION: Relative(Tissue.WHITE, (1.05, 1.25), (1.25, 1.6), (0.74, 0.84)),
    Part.SOLID: Relative(Tissue.WHITE, (1.3, 2.4), (1.4, 2.6), (0.74, 0.92)),
    Part.ENHANCING: Relative(Tissue.WHITE, (1.3, 2.1), (1.3, 2.3), (0.74, 0.9)),
    Part.NECROSIS: Relative(Tissue.WHITE, (1.7, 3.8), (2.0, 9.0), (0.85, 0.98)),
    Part.CYST: Relative(Tissue.CSF, (0.45, 1.0), (0.25, 1.0), (0.93, 1.0)),
    Part.CAVITY: Relative(Tissue.CSF, (0.4, 1.0), (0.3, 1.0), (0.95, 1.0)),
    Part.BLOOD: Relative(Tissue.WHITE, (0.45, 0.85), (0.6, 2.6), (0.8, 0.95)),
    Part.CALCIFICATION: Relative(Tissue.WHITE, (0.7, 1.5), (0.3, 0.6), (0.25, 0.6)),
    Part.GAS: Relative(Tissue.WHITE, (1.0, 1.0), (1.0, 1.0), (0.0, 0.02)),
}

BLOOD: Mapping[BloodAge, Relative] = {
    BloodAge.HYPERACUTE: Relative(Tissue.WHITE, (1.4, 2.0), (1.5, 3.0), (0.8, 0.95)),
    BloodAge.ACUTE: Relative(Tissue.WHITE, (1.2, 1.8), (0.4, 0.75), (0.75, 0.9)),
    BloodAge.EARLY_SUBACUTE: Relative(Tissue.WHITE, (0.45, 0.75), (0.4, 0.75), (0.75, 0.9)),
    BloodAge.LATE_SUBACUTE: Relative(Tissue.WHITE, (0.45, 0.75), (1.5, 2.6), (0.8, 0.95)),
    BloodAge.CHRONIC: Relative(Tissue.WHITE, (1.0, 1.6), (0.15, 0.4), (0.6, 0.85)),
}

RELAXIVITY = (3.0, 5.0)
"""Of gadolinium, per mM and second."""


class Vascular(IntEnum):
    """What takes up contrast agent in a healthy head."""

    DURA = 0
    PLEXUS = 1
    VESSEL = 2


VASCULAR: Mapping[Vascular, Ranges] = {
    Vascular.DURA: Ranges((700, 1000), (900, 1300), (30, 60), (0.6, 0.8)),
    Vascular.PLEXUS: Ranges((900, 1300), (1200, 1700), (90, 200), (0.8, 0.95)),
    Vascular.VESSEL: Ranges((1300, 1550), (1700, 2000), (80, 250), (0.75, 0.9)),
}

_SIZE = len(Tissue) + len(Part) + len(Vascular)


def entry(one: Tissue | Part | Vascular) -> int:
    """Its place among `Substances`.

    >>> entry(Tissue.AIR), entry(Vascular.VESSEL) == _SIZE - 1
    (0, True)
    """
    return one + len(Tissue) * (not isinstance(one, Tissue)) + len(Part) * isinstance(one, Vascular)


@dataclass(frozen=True, eq=False)
class Substances:
    """What a scanner sees: for every `Tissue`, every `Part` and every `Vascular` a value, in the order of `entry`.

    Args:
        t1, t2: ms.
        density: of protons, 0 to 1.
    """

    t1: Array
    t2: Array
    density: Array

    def with_gadolinium(self, concentrations: Array, relaxivity: float) -> Substances:
        """The same after contrast agent; what it does to T2 is small beside what it does to T1.

        Args:
            concentrations: mM, in each.
            relaxivity: per mM and second.
        """
        return replace(self, t1=1 / (1 / self.t1 + concentrations * (relaxivity / 1000)))


def draw_substances(rng: np.random.Generator, high_field: bool, age: BloodAge) -> Substances:
    """Draw one patient.

    Args:
        high_field: 3 T rather than 1.5 T.
        age: of blood in the core.
    """
    t1, t2, density = np.ones(_SIZE), np.ones(_SIZE), np.zeros(_SIZE)

    def draw(ranges: Ranges) -> NDArray[np.float64]:
        limits = ranges.t1_high if high_field else ranges.t1_low
        return np.array([rng.uniform(*limits), rng.uniform(*ranges.t2), rng.uniform(*ranges.density)])

    for members, ranges in BRAIN.items():
        drawn = draw(ranges)
        for tissue in members:
            t1[tissue], t2[tissue], density[tissue] = drawn * rng.normal(1.0, 0.02, 3)
    t2[Tissue.PALLIDUM] *= rng.uniform(0.7, 0.95)  # iron
    for one, ranges in {**OUTSIDE, **{entry(one): ranges for one, ranges in VASCULAR.items()}}.items():
        t1[one], t2[one], density[one] = draw(ranges)
    for part, ranges in {**PARTS, Part.HAEMORRHAGE: BLOOD[age]}.items():
        at, watery = entry(part), rng.random()  # more water is more protons and longer times
        first, second, third = np.clip(watery + rng.normal(0, 0.12, 3), 0, 1)
        t1[at] = t1[ranges.base] * np.interp(first, (0, 1), ranges.t1)
        t2[at] = t2[ranges.base] * np.exp(np.interp(second, (0, 1), np.log(ranges.t2)))
        density[at] = np.interp(third, (0, 1), ranges.density)
    return Substances(t1, t2, density)
