"""Brightness by the signal equations of clinical sequences, rather than drawn sequence by sequence.

All sequences see the same relaxation times, so what is long in T2 is bright on T2 and, less, on FLAIR; what is short in
T1 is bright on T1, before contrast too. Equations: Bernstein, King, Zhou, Handbook of MRI Pulse Sequences, 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.contrast import Brightness, Contrast, draw_deviations
from oncontour.data.phantom.fields import Array
from oncontour.data.phantom.haemorrhage import BloodAge
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.relaxation import RELAXIVITY, Substances, Vascular, draw_substances, entry
from oncontour.data.phantom.scanners import Scanners

Signal = Callable[[Substances], Array]

_SCALES: Mapping[Sequence, tuple[Tissue, tuple[float, float]]] = {
    Sequence.T1: (Tissue.WHITE, (0.6, 0.85)),
    Sequence.T2: (Tissue.CSF, (0.75, 1.1)),
    Sequence.FLAIR: (Tissue.GREY, (0.4, 0.65)),
    Sequence.T1CE: (Tissue.WHITE, (0.6, 0.85)),
}
"""The sequences that have a signal; of each a tissue, and the range of its brightness; a scanner's unit is free."""

_BACKGROUND = {Vascular.DURA: Tissue.GREY, Vascular.PLEXUS: Tissue.CSF, Vascular.VESSEL: Tissue.WHITE}
"""What surrounds it."""

_PARTIAL_VOLUME = (0.15, 0.7)
"""Range of the share that such a structure has of a voxel: most are thin."""

LEAST_ENHANCEMENT = 0.06
"""Enhancing tumour is at least this much brighter than white and grey matter on T1CE, or no reader would call it so."""

_GADOLINIUM_MM: Mapping[Tissue | Part | Vascular, tuple[float, float]] = {
    Part.ENHANCING: (0.05, 0.5),
    Vascular.DURA: (0.1, 0.6),
    Vascular.PLEXUS: (0.1, 0.8),
    Vascular.VESSEL: (0.3, 1.2),
    Tissue.SOFT: (0.05, 0.5),
    Tissue.MUSCLE: (0.02, 0.15),
    Tissue.SKIN: (0.0, 0.15),
}
"""Range of the concentration of contrast agent some minutes after it was given."""

_MOST_MM = 5.0
"""More than this changes T1 no further that matters."""

WEAK_MM = (0.02, 0.1)
"""The same of a tumour that enhances weakly."""


def spin_echo(substances: Substances, repetition: float, echo: float) -> Array:
    """Signal of a spin echo, single or turbo; times in ms.

    >>> water = Substances(np.array([1000.0]), np.array([100.0]), np.array([1.0]))
    >>> spin_echo(water, repetition=1e6, echo=100.0).round(3).tolist()
    [0.368]
    """
    grown = 1 - np.exp(-repetition / substances.t1)
    return substances.density * grown * np.exp(-echo / substances.t2)


def spoiled_echo(substances: Substances, repetition: float, echo: float, flip_deg: float) -> Array:
    """Signal of a spoiled gradient echo in its steady state (Ernst)."""
    left, flip = np.exp(-repetition / substances.t1), np.deg2rad(flip_deg)
    steady = np.sin(flip) * (1 - left) / (1 - np.cos(flip) * left)
    return substances.density * steady * np.exp(-echo / (0.7 * substances.t2))


def prepared_echo(substances: Substances, repetition: float, inversion: float) -> Array:
    """Signal of MPRAGE in the middle of its readout: inverted again before it has recovered; short flips left out."""
    left = 1 + np.exp(-repetition / substances.t1)
    return substances.density * np.abs(1 - 2 * np.exp(-inversion / substances.t1) / left)


def inversion_recovery(substances: Substances, repetition: float, echo: float, inversion: float) -> Array:
    """Signal of an inversion recovery with (turbo) spin echo, as FLAIR."""
    t1 = substances.t1
    grown = 1 - 2 * np.exp(-inversion / t1) + 2 * np.exp(-(repetition - echo / 2) / t1) - np.exp(-repetition / t1)
    return substances.density * np.abs(grown) * np.exp(-echo / substances.t2)


def draw_protocol(rng: np.random.Generator, sequence: Sequence, fluid_t1: float) -> Signal:
    """Draw a clinical protocol of a sequence.

    Args:
        fluid_t1: ms; a FLAIR's inversion time is chosen to null it, nearly.
    """
    uniform = rng.uniform
    if sequence is Sequence.T2:
        return partial(spin_echo, repetition=uniform(3000, 6000), echo=uniform(80, 125))
    if sequence is Sequence.FLAIR:
        repetition, echo = uniform(6000, 11000), uniform(85, 135)
        null = fluid_t1 * (np.log(2) - np.log(1 + np.exp(-repetition / fluid_t1)))
        return partial(inversion_recovery, repetition=repetition, echo=echo, inversion=null * uniform(0.92, 1.06))
    kind = rng.random()
    if kind < 0.4:
        return partial(spin_echo, repetition=uniform(400, 650), echo=uniform(8, 15))
    if kind < 0.6:
        return partial(spoiled_echo, repetition=uniform(8, 30), echo=uniform(2, 5), flip_deg=uniform(20, 32))
    return partial(prepared_echo, repetition=uniform(1700, 2500), inversion=uniform(950, 1200))


def draw_gadolinium(rng: np.random.Generator, weak: bool) -> Array:
    """Concentrations in mM, in the order of `entry`.

    Args:
        weak: whether the tumour enhances weakly.
    """
    concentrations = np.zeros(len(Tissue) + len(Part) + len(Vascular))
    for one, limits in _GADOLINIUM_MM.items():
        concentrations[entry(one)] = rng.uniform(*limits)
    if weak:
        concentrations[entry(Part.ENHANCING)] = rng.uniform(*WEAK_MM)
    return concentrations


def _after(before: Substances, concentrations: Array, relaxivity: float, signal: Signal, unit: float) -> Substances:
    """The patient after contrast agent, with as much of it in the tumour as it takes to be seen."""
    at, seen = entry(Part.ENHANCING), unit * signal(before)
    floor = max(seen[Tissue.WHITE], seen[Tissue.GREY]) + LEAST_ENHANCEMENT
    after = before.with_gadolinium(concentrations, relaxivity)
    while unit * signal(after)[at] <= floor and concentrations[at] < _MOST_MM:
        concentrations[at] *= 1.25
        after = before.with_gadolinium(concentrations, relaxivity)
    return after


def draw_physical(
    rng: np.random.Generator, drawn: Brightness, scanners: Scanners, age: BloodAge, weak: bool
) -> Brightness:
    """Draw a patient and a scanner, and what each sequence shows of them.

    Args:
        drawn: brightness without physics, of the sequences wanted; kept where there is no signal (ADC).
        age: of blood in the core.
        weak: whether the tumour enhances weakly.
    """
    before = draw_substances(rng, bool(rng.random() < 0.5), age)
    concentrations, relaxivity = draw_gadolinium(rng, weak), rng.uniform(*RELAXIVITY)
    fluid_t1 = float(before.t1[Tissue.CSF])
    protocols = {sequence: draw_protocol(rng, sequence, fluid_t1) for sequence in _SCALES}
    scales = {sequence: rng.uniform(*limits) for sequence, (_, limits) in _SCALES.items()}
    deviations = {sequence: draw_deviations(rng) for sequence in _SCALES}
    if rng.random() < scanners.unchanged_after_contrast:
        protocols[Sequence.T1CE] = protocols[Sequence.T1]
        deviations[Sequence.T1CE] = deviations[Sequence.T1]
        scales[Sequence.T1CE] = scales[Sequence.T1] * rng.uniform(0.9, 1.1)
    contrasts, parts = dict(drawn.contrasts), {part: dict(row) for part, row in drawn.parts.items()}
    vascular: dict[Vascular, float] = {}
    for sequence in [one for one in _SCALES if one in contrasts]:
        signal = protocols[sequence]
        unit = scales[sequence] / float(signal(before)[_SCALES[sequence][0]])
        patient = before
        if sequence is Sequence.T1CE:
            patient = _after(before, concentrations, relaxivity, signal, unit)
        seen = unit * signal(patient)
        if sequence is Sequence.T1CE:
            risen = {one: max(0.0, float(seen[entry(one)] - seen[where])) for one, where in _BACKGROUND.items()}
            vascular = {one: rng.uniform(*_PARTIAL_VOLUME) * value for one, value in risen.items()}
        white, grey, fluid = (float(seen[tissue]) for tissue in (Tissue.WHITE, Tissue.GREY, Tissue.CSF))
        means = seen[: len(Tissue)].astype(np.float32)
        contrasts[sequence] = Contrast(white, grey, fluid, means, deviations[sequence])
        for part, row in parts.items():
            row[sequence] = float(seen[entry(part)]) - white
    return Brightness(contrasts, parts, vascular)
