"""The scoring tables of `identify`: which facts speak for which kind of series, and how loudly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oncontour.core.sequence import Sequence

DECISIVE = 20.0
"""Weight of a fact that overrules every sum of the others: a localiser stays one, whatever its timing."""

STRONG, CLEAR, FAIR, WEAK = 8.0, 4.0, 3.0, 1.0
"""A coded statement; a plain word or a timing that few others share; a timing that some share; a hint."""


@dataclass(frozen=True)
class Rule:
    """Where all facts of `needs` hold and none of `unless`, `weight` is added to the score of `kind`."""

    kind: str
    weight: float
    needs: tuple[str, ...]
    unless: tuple[str, ...] = ()


T1, T2, FLAIR, ADC = Sequence.T1.value, Sequence.T2.value, Sequence.FLAIR.value, Sequence.ADC.value

_IS_ADC = ("type ADC", "word adc")

RULES: tuple[Rule, ...] = (
    # T1, with or without contrast
    Rule(T1, CLEAR, ("word t1",)),
    Rule(T1, STRONG, ("word t1 flair",)),
    Rule(T1, CLEAR, ("word gradient-echo t1",), unless=("word t2",)),
    Rule(T1, CLEAR, ("name turbo flash",)),
    Rule(T1, STRONG, ("code T1",)),
    Rule(T1, FAIR, ("type uniform",), unless=("type map",)),
    Rule(T1, FAIR, ("word uniform image",), unless=("type map",)),
    Rule(T1, CLEAR, ("spin echo", "short TR", "short TE"), unless=("inversion",)),
    Rule(T1, CLEAR, ("spin echo", "middle TR", "short TE", "T1 TI")),
    Rule(T1, CLEAR, ("gradient echo", "shortest TE", "inversion"), unless=("fat-nulling TI", "fluid-nulling TI")),
    Rule(T1, FAIR, ("gradient echo", "shortest TE", "shortest TR", "spoiling angle")),
    Rule(T1, FAIR, ("gradient echo", "shortest TE", "shortest TR", "angle unknown")),
    Rule(T1, FAIR, ("gradient echo", "shortest TE", "short TR", "steep angle")),
    Rule(T1, WEAK, ("word after contrast",)),
    Rule(T1, WEAK, ("word before contrast",)),
    # T2
    Rule(T2, CLEAR, ("word t2",)),
    Rule(T2, STRONG, ("code T2",)),
    Rule(T2, CLEAR, ("spin echo", "long TR", "long TE"), unless=("inversion",)),
    # FLAIR
    Rule(FLAIR, STRONG, ("word flair",)),
    Rule(FLAIR, STRONG, ("code FLAIR",)),
    Rule(FLAIR, STRONG, ("spin echo", "fluid-nulling TI", "long TE")),
    Rule(FLAIR, FAIR, ("spin echo", "inversion", "TI unknown", "long TE", "long TR")),
    # ADC
    Rule(ADC, DECISIVE, ("type ADC",), unless=("word exponential adc",)),
    Rule(ADC, DECISIVE, ("word adc", "derived"), unless=("b-value", "type anisotropy", "type map")),
    Rule(ADC, STRONG, ("word adc",), unless=("b-value", "derived", "type anisotropy")),
    # other weightings
    Rule("proton density", CLEAR, ("word proton density",)),
    Rule("proton density", STRONG, ("code PD",)),
    Rule("proton density", CLEAR, ("spin echo", "long TR", "short TE"), unless=("inversion",)),
    Rule("T2*", STRONG, ("word t2 star",)),
    Rule("T2*", STRONG, ("code T2*",)),
    Rule("T2*", STRONG, ("gradient echo", "susceptible TE")),
    Rule("STIR", STRONG, ("word fat-nulling inversion",)),
    Rule("STIR", STRONG, ("code STIR",)),
    Rule("STIR", STRONG, ("spin echo", "fat-nulling TI")),
    Rule("double inversion recovery", DECISIVE, ("word double inversion",)),
    Rule("steady-state gradient echo", DECISIVE, ("word steady state",)),
    Rule("steady-state gradient echo", CLEAR, ("gradient echo", "shortest TE", "shortest TR", "steep angle")),
    # never one of ours
    Rule("diffusion", DECISIVE, ("type diffusion",), unless=_IS_ADC),
    Rule("diffusion", DECISIVE, ("type anisotropy",)),
    Rule("diffusion", DECISIVE, ("code diffusion",), unless=_IS_ADC),
    Rule("diffusion", DECISIVE, ("word diffusion",), unless=(*_IS_ADC, "word exponential adc")),
    Rule("diffusion", DECISIVE, ("b-value",), unless=("type ADC",)),
    Rule("exponential ADC map", DECISIVE, ("word exponential adc",)),
    Rule("echo planar imaging", STRONG, ("echo planar",), unless=_IS_ADC),
    Rule("perfusion", DECISIVE, ("word perfusion",), unless=("type ADC",)),
    Rule("perfusion", DECISIVE, ("type perfusion",)),
    Rule("perfusion", DECISIVE, ("code perfusion",)),
    Rule("functional imaging", DECISIVE, ("word functional",)),
    Rule("functional imaging", DECISIVE, ("type functional",)),
    Rule("dynamic series", DECISIVE, ("dynamic",)),
    Rule("susceptibility imaging", DECISIVE, ("word susceptibility",)),
    Rule("susceptibility imaging", DECISIVE, ("type susceptibility",)),
    Rule("susceptibility imaging", DECISIVE, ("name susceptibility",)),
    Rule("phase or complex image", DECISIVE, ("type phase",)),
    Rule("angiography", DECISIVE, ("word angiography",)),
    Rule("angiography", DECISIVE, ("code flow",)),
    Rule("angiography", DECISIVE, ("name flow",)),
    Rule("spectroscopy", DECISIVE, ("word spectroscopy",)),
    Rule("spectroscopy", DECISIVE, ("name spectroscopy",)),
    Rule("field map", DECISIVE, ("word field map",)),
    Rule("localiser", DECISIVE, ("word localiser",)),
    Rule("localiser", DECISIVE, ("type localiser",)),
    Rule("calibration", DECISIVE, ("word calibration",)),
    Rule("reformat", DECISIVE, ("type reformat",)),
    Rule("reformat", DECISIVE, ("word reformat", "derived")),
    Rule("projection", DECISIVE, ("word projection",)),
    Rule("projection", DECISIVE, ("type projection",)),
    Rule("subtraction", DECISIVE, ("word subtraction",)),
    Rule("subtraction", DECISIVE, ("type subtraction",)),
    Rule("quantitative map", DECISIVE, ("word quantitative map",)),
    Rule("quantitative map", DECISIVE, ("type map",)),
    Rule("MP2RAGE inversion image", DECISIVE, ("word inversion image",)),
    Rule("screen capture", DECISIVE, ("word screen capture",)),
    Rule("screen capture", DECISIVE, ("type capture",)),
    Rule("another body part", DECISIVE, ("word other body part",), unless=("word head",)),
    Rule("another body part", DECISIVE, ("body part",), unless=("word head",)),
    Rule("another modality", 2 * DECISIVE, ("not MR",)),
    Rule("no image", 2 * DECISIVE, ("no MR image class",), unless=("not MR",)),
    Rule("colour picture", DECISIVE, ("colour",)),
)

CONTRAST_RULES: Mapping[str, float] = {
    "word after contrast": 5.0,
    "word before contrast": -6.0,
    "agent": 2.5,
    "dose": 1.5,
    "agent denied": -1.5,
}
"""Fact -> log-odds that a T1 series was made after contrast. Words outweigh the tag, which some scanners copy into
every series of an examination once it has been filled in."""
