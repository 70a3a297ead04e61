"""What the numbers in masks mean, by data set and year, and how they become a scheme's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.core.labels import BRATS, PAEDIATRIC, POSTOPERATIVE, SCHEMES, WHOLE

LARGEST_VALUE = 255
"""Label maps are kept as uint8; no data set of brain tumours uses more values."""

SHOWN = 10
"""Of more labels than this, which no scheme has, the first are told."""


@dataclass(frozen=True)
class Convention:
    """What each stored value means.

    Args:
        name: in messages, such as "BraTS 2018".
        scheme: whose labels the values are.
        labels: stored value -> name of the scheme's label; several values may mean one label.
    """

    name: str
    scheme: str
    labels: Mapping[int, str]

    def __str__(self) -> str:
        return f"{', '.join(str(value) for value in sorted(self.labels))} ({self.name})"


def own(scheme: str, name: str = "") -> Convention:
    """The scheme's own values."""
    return Convention(name or f"scheme {scheme}", scheme, {one.value: one.name for one in SCHEMES[scheme].labels})


BRATS_2015 = Convention("BraTS 2012 to 2016", BRATS.name, {1: "NCR", 2: "ED", 3: "NCR", 4: "ET"})
"""1 necrosis, 2 oedema, 3 non-enhancing core, 4 enhancing (Menze 2015, Table V); 1 and 3 became one label in 2017."""

BRATS_2018 = Convention("BraTS 2017 to 2021", BRATS.name, {1: "NCR", 2: "ED", 4: "ET"})
BRATS_2023 = own(BRATS.name, "BraTS 2023")
PEDS_2024 = own(PAEDIATRIC.name, "BraTS-PEDs 2024")
ANY_TUMOUR = Convention("any tumour label", WHOLE.name, dict.fromkeys(range(1, 5), "WT"))

TRANSLATIONS: Mapping[tuple[str, str], Mapping[str, str]] = {
    (BRATS.name, POSTOPERATIVE.name): {"NCR": "NCR", "ED": "ED", "ET": "ET"},
    (POSTOPERATIVE.name, BRATS.name): {"NCR": "NCR", "ED": "ED", "ET": "ET"},
    (PAEDIATRIC.name, BRATS.name): {"ET": "ET", "NET": "NCR", "CC": "NCR", "ED": "ED"},
    (PAEDIATRIC.name, POSTOPERATIVE.name): {"ET": "ET", "NET": "NCR", "CC": "NCR", "ED": "ED"},
    (BRATS.name, WHOLE.name): dict.fromkeys(BRATS.region("WT").labels, "WT"),
    (PAEDIATRIC.name, WHOLE.name): dict.fromkeys(PAEDIATRIC.region("WT").labels, "WT"),
    (POSTOPERATIVE.name, WHOLE.name): dict.fromkeys(POSTOPERATIVE.region("WT").labels, "WT"),
}  # fmt: skip
"""Label names of one scheme in the words of another. BraTS-PEDs 2023 merged non-enhancing and cystic parts likewise."""


def assumed(scheme: str) -> tuple[Convention, ...]:
    """What values mean in a data set that does not say: the scheme's own, or those of an earlier year."""
    return {BRATS.name: (BRATS_2023, BRATS_2018), WHOLE.name: (ANY_TUMOUR,)}.get(scheme, (own(scheme),))


def translation(convention: Convention, scheme: str, where: Path | str) -> dict[int, int]:
    """Stored value -> the scheme's value, without values of labels that the scheme has no word for.

    Raises:
        InputError: the one scheme cannot be told in the other's labels.

    >>> translation(BRATS_2018, "brats", "here")
    {1: 1, 2: 2, 4: 3}
    """
    values = {one.name: one.value for one in SCHEMES[scheme].labels}
    if convention.scheme == scheme:
        words: Mapping[str, str] = {name: name for name in values}
    elif (convention.scheme, scheme) in TRANSLATIONS:
        words = TRANSLATIONS[convention.scheme, scheme]
    else:
        reachable = [convention.scheme, *(target for source, target in TRANSLATIONS if source == convention.scheme)]
        found = f"labels of the scheme {convention.scheme} ({convention.name})"
        raise InputError(where, found, f"labels that scheme {scheme} knows", f"Choose --scheme {'|'.join(reachable)}.")
    return {value: values[words[name]] for value, name in convention.labels.items() if name in words}


def to_scheme(stored: NDArray, conventions: Iterable[Convention], scheme: str, where: Path | str) -> NDArray[np.uint8]:
    """Label map of stored values (i, j, k) -> label map of the scheme's values.

    The first convention that has all the values decides: the same number means different things in different years.

    Raises:
        InputError: a value that is no whole number, or that no convention has.
    """
    whole, found = _whole(stored, where)
    tables = [(one, translation(one, scheme, where)) for one in conventions]
    for _, table in tables:
        if found <= {0, *table}:
            mapped = np.zeros(LARGEST_VALUE + 1, dtype=np.uint8)
            mapped[list(table)] = list(table.values())
            return whole if all(mapped[value] == value for value in found) else mapped.take(whole)
    expected = "0 and " + " or ".join(str(one) for one, _ in tables)
    remedy = "Choose the right --scheme, or say what the values mean in a labels.json beside the data."
    raise InputError(where, f"labels {_few(sorted(found))}", expected, remedy)


def _few(values: list[int]) -> str:
    """An image of whole numbers, taken for a label map, has hundreds."""
    if len(values) <= SHOWN:
        return str(values)
    return f"[{', '.join(map(str, values[:SHOWN]))}, ...], {len(values)} of them"


def _whole(stored: NDArray, where: Path | str) -> tuple[NDArray[np.uint8], set[int]]:
    """The values as uint8, and which there are."""
    with np.errstate(invalid="ignore"):
        rounded = stored.astype(np.uint8)
        exact = np.array_equal(rounded, stored)
        if not exact:
            rounded = np.rint(stored).astype(np.uint8)
    # Some tools store labels scaled: 0.99999997 is 1.
    if not exact and not np.allclose(rounded, stored, rtol=0, atol=1e-3):
        odd = stored[~np.isclose(rounded, stored, rtol=0, atol=1e-3)].ravel()
        found = f"{odd.size} voxel{'' if odd.size == 1 else 's'} that hold no label, such as {float(odd[0]):g}"
        remedy = "Give a label map: not an image, probabilities, or a mask whose values were interpolated."
        raise InputError(where, found, f"whole numbers from 0 to {LARGEST_VALUE}", remedy)
    labelled = rounded[rounded > 0]  # Few: most of an image is 0.
    found = set(np.flatnonzero(np.bincount(labelled)).tolist())
    return rounded, found | {0} if labelled.size < rounded.size else found
