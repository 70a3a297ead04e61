"""Free text of a scanner -> the few words that the program recognises in it, in its own spelling."""

from __future__ import annotations

from collections.abc import Mapping

from oncontour.dicom.facts import HEAD_PARTS, NO_AGENT, OTHER_PARTS, PULSE_NAMES
from oncontour.dicom.words import word_classes

WORDS: Mapping[str, str] = {
    "before contrast": "native",
    "after contrast": "+c",
    "t1": "t1",
    "t1 flair": "flairt1",
    "gradient-echo t1": "mprage",
    "t2": "t2",
    "flair": "flair",
    "t2 star": "t2*",
    "proton density": "proton",
    "fat-nulling inversion": "stir",
    "adc": "adc",
    "exponential adc": "eadc",
    "diffusion": "dwi",
    "localiser": "localizer",
    "calibration": "calib",
    "reformat": "reformat",
    "projection": "mip",
    "subtraction": "subtr",
    "perfusion": "perf",
    "functional": "bold",
    "susceptibility": "swi",
    "angiography": "angio",
    "spectroscopy": "spectr",
    "field map": "fieldmap",
    "steady state": "ciss",
    "double inversion": "psir",
    "quantitative map": "relaxo",
    "inversion image": "inv1",
    "uniform image": "unit1",
    "screen capture": "screen",
    "head": "brain",
    "other body part": "spine",
}
"""A word for each class of `words.word_classes`, of that class and of no other; contrast first, to fit in any case."""

_BETWEEN = " / "
"""No pattern of `words` reaches across it."""

LONGEST = 64
"""Characters of a value of VR LO (PS3.5 table 6.2-1)."""


def describe(text: str) -> str:
    """A description's classes of words, in words of the same classes; those that do not fit are left out.

    >>> describe("T1_MPRAGE sag Hr. Meier nach KM")
    '+c / t1 / mprage'
    """
    found = word_classes(text)
    told = ""
    for word in (word for name, word in WORDS.items() if name in found):
        longer = f"{told}{_BETWEEN}{word}" if told else word
        told = longer if len(longer) <= LONGEST else told
    return told


def describe_pulse(text: str) -> str:
    """The names of pulse sequences that a SequenceName holds.

    >>> describe_pulse("*tfl3d1_16ns"), describe_pulse("Meier")
    ('tfl3d', '')
    """
    return " ".join(name for name in PULSE_NAMES if name in text.lower())[:16].rstrip()


def describe_agent(text: str) -> str:
    """Whether a contrast agent was given.

    >>> describe_agent("7,5 ml Gadovist"), describe_agent("ohne"), describe_agent("")
    ('CONTRAST AGENT', 'NONE', '')
    """
    told = text.strip(" \0").lower()
    return "" if not told else "NONE" if told in NO_AGENT else "CONTRAST AGENT"


def describe_body_part(text: str) -> str:
    """The part of the body, where it is one that the program knows.

    >>> describe_body_part("lspine"), describe_body_part("Brain"), describe_body_part("Meier")
    ('SPINE', 'BRAIN', '')
    """
    part = text.strip(" \0").upper()
    return part if part in HEAD_PARTS else next((other for other in OTHER_PARTS if other in part), "")
