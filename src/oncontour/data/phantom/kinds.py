"""The kinds of patients that the phantom knows, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.core.labels import BRATS, PAEDIATRIC, POSTOPERATIVE, SEQUENCE_MASKS, LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.data.phantom.contrast import Contrast
from oncontour.data.phantom.lesion import Part
from oncontour.data.phantom.rates import Rates

STANDARD_SEQUENCES = (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)


@dataclass(frozen=True)
class Kind:
    """One kind of patients.

    Args:
        name: as on the command line.
        rates: how often a tumour has which part.
        scheme: of the truth.
        labels: the label's name in the scheme for each part; empty: what the sequences show decides (`shown_labels`).
        sequences: those that are simulated.
        scales: range of the head's size along each axis, as a share of the anatomy's.
    """

    name: str
    rates: Rates
    scheme: LabelScheme
    labels: Mapping[Part, str]
    sequences: tuple[Sequence, ...] = STANDARD_SEQUENCES
    scales: tuple[float, float] = (0.88, 1.12)


_GLIOMA_LABELS: Mapping[Part, str] = {
    Part.EDEMA: "ED", Part.SOLID: "NCR", Part.NECROSIS: "NCR", Part.CYST: "NCR", Part.ENHANCING: "ET",
    Part.HAEMORRHAGE: "NCR", Part.CALCIFICATION: "NCR",
}  # fmt: skip

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "adult",
            Rates(),
            BRATS,
            _GLIOMA_LABELS,
        ),
        Kind(
            "paediatric",
            Rates(
                enhancing=0.95, solid=0.95, necrosis=0.2, cyst=0.78, edema=0.4, weakly_enhancing=0.2, second=0.27,
                third=0.1, log_radius=2.85, infratentorial=0.45, bounded=0.3, haemorrhage=0.1, calcification=0.2,
                diffuse=0.1, diffuse_core=(0.5, 1.0), spread=0.12, ventricle=0.12,
            ),
            PAEDIATRIC,
            {
                Part.EDEMA: "ED", Part.SOLID: "NET", Part.NECROSIS: "NET", Part.CYST: "CC", Part.ENHANCING: "ET",
                Part.HAEMORRHAGE: "NET", Part.CALCIFICATION: "NET",
            },
            scales=(0.76, 1.02),
        ),
        Kind(
            "postoperative",
            Rates(enhancing=0.75, necrosis=0.3, resected=1.0, weakly_enhancing=0.2, second=0.24),
            POSTOPERATIVE,
            {**_GLIOMA_LABELS, Part.CAVITY: "RC", Part.BLOOD: "RC", Part.GAS: "RC"},
        ),
        Kind(
            "adc",
            Rates(infiltration=0.6, resected=0.4, weakly_enhancing=0.2, second=0.24),
            SEQUENCE_MASKS,
            {},
            sequences=(Sequence.FLAIR, Sequence.T1CE, Sequence.ADC),
        ),
    )
}  # fmt: skip
"""Shares below are those of a cohort.
adult: glioma before treatment; ET 88 %, ED 90 %, several foci in 31 %; mostly a ring around necrosis. Its range of
enhancement begins at faint as it is.
paediatric: shares of paper 000 (Vossough), Table 1: ET 85 %, NET 95 %, CC 68 %, ED 43 %; medulloblastoma and brainstem
glioma make 45 % of that cohort. Heads are smaller.
postoperative: adults after resection (paper 002, Lotan).
adc: adults, two in five operated on, with the three sequences of paper 003 (Wan), where 24 % had several foci."""

FLAIR_HYPERINTENSE, ADC_ABNORMAL = 0.08, 0.05
"""How far above white matter a part must be for a reader to call it abnormal on that sequence."""

_NO_TUMOUR = (Part.NONE, Part.CAVITY, Part.BLOOD, Part.GAS)


def kind_named(name: str) -> Kind:
    """The kind of that name."""
    if name not in KINDS:
        raise InputError("kind", repr(name), f"one of {', '.join(KINDS)}", "Choose one of them.")
    return KINDS[name]


def label_values(
    kind: Kind, means: Mapping[Part, Mapping[Sequence, float]], contrasts: Mapping[Sequence, Contrast]
) -> NDArray[np.uint8]:
    """Label value of each `Part` in the kind's scheme.

    Args:
        means: drawn brightness of the parts relative to white matter.
        contrasts: of the sequences.
    """
    values = np.zeros(len(Part), np.uint8)
    if kind.labels:
        number = {label.name: label.value for label in kind.scheme.labels}
        for part, name in kind.labels.items():
            values[part] = number[name]
        return values
    for part in Part:
        if part not in _NO_TUMOUR:
            values[part] = _shown_label(part, means[part], contrasts)
    return values


def _shown_label(part: Part, means: Mapping[Sequence, float], contrasts: Mapping[Sequence, Contrast]) -> int:
    """A label of the scheme "sequence-masks": where the part departs from white matter."""
    value = 1 if part is Part.ENHANCING else 0
    if Sequence.ADC in contrasts and means[Sequence.ADC] > ADC_ABNORMAL:
        value += 2
    if Sequence.FLAIR in contrasts and means[Sequence.FLAIR] > FLAIR_HYPERINTENSE:
        value += 4
    return value
