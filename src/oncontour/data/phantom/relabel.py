"""The same patients, their tumours labelled by another scheme than their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from oncontour.core.errors import InputError
from oncontour.core.labels import WHOLE, LabelScheme
from oncontour.data.phantom.kinds import KINDS, Kind
from oncontour.data.phantom.lesion import Part


def in_scheme(kind: Kind, scheme: LabelScheme) -> Kind:
    """A kind of patients whose truth is of a scheme: its own, the whole tumour, or one of another kind.

    Every part has the label that it has in the kind whose scheme this is; what that kind does not know (a cavity, where
    nobody was operated on) is no tumour. As a whole tumour counts all that the kind's own scheme labels.

    Raises:
        InputError: no kind has this scheme.

    >>> from oncontour.core.labels import BRATS
    >>> in_scheme(KINDS["paediatric"], BRATS).labels[Part.CYST]
    'NCR'
    >>> Part.CAVITY in in_scheme(KINDS["postoperative"], BRATS).labels
    False
    """
    if kind.scheme.name == scheme.name:
        return kind
    if scheme.name == WHOLE.name:
        return replace(
            kind, scheme=scheme, labels=dict.fromkeys(_labels(kind if kind.labels else KINDS["adult"]), "WT")
        )
    owner = next((other for other in KINDS.values() if other.scheme.name == scheme.name), None)
    if owner is None:
        known = ", ".join(dict.fromkeys(other.scheme.name for other in KINDS.values()))
        remedy = "Synthetic cases have these schemes alone."
        raise InputError("label scheme", repr(scheme.name), f"one of {known}, {WHOLE.name}", remedy)
    return replace(kind, scheme=scheme, labels=_labels(owner) if owner.labels else {})


def _labels(kind: Kind) -> Mapping[Part, str]:
    """A kind's labels; infiltration, which only one kind tells apart, is what others call oedema."""
    return {Part.INFILTRATION: kind.labels[Part.EDEMA], **kind.labels}
