"""The MR sequences that the project knows."""

from __future__ import annotations

from enum import StrEnum


class Sequence(StrEnum):
    """What an image shows. The value is the name in files, tables and on the command line (in lower case there)."""

    T1 = "T1"
    T1CE = "T1CE"
    T2 = "T2"
    FLAIR = "FLAIR"
    ADC = "ADC"


SUFFICIENT = (Sequence.T1CE, Sequence.FLAIR, Sequence.T2)
"""A study must hold at least one of these: T1 without contrast or ADC alone shows too little of a tumour."""

ABSENCE_COSTS = {
    Sequence.T1: "blood and other bright tissue before contrast may be taken for enhancement",
    Sequence.T1CE: "enhancing tumour and tumour core cannot be told from the rest with confidence",
    Sequence.T2: "cysts, necrosis and the tumour core's edge are less certain",
    Sequence.FLAIR: "oedema next to ventricles and sulci is less certain",
}
"""What the report says when one of the four standard sequences is missing."""
