"""A data set -> a new one that holds what the profile lets survive; nothing is copied that no rule has looked at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from oncontour.dicom.deidentify.profile import PrivateElement, load_profile
from oncontour.dicom.deidentify.values import TEXTS, Patient

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

BINARY = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "AT"})
"""VRs of numbers that are no text; pydicom gives them as numbers."""

LARGEST_INTEGER = 2**24
"""Above any count or index of an image, and below any four letters."""

LARGEST_OF_SEVERAL = 2**13 - 1
"""The same for 16 bits, of which one value can hold two letters and several a name."""

SMALLEST_FLOAT, LARGEST_FLOAT = 1e-9, 1e9
"""Around any figure of a scan in DICOM's units; few runs of letters make such a number."""

_CODE_KEYWORDS = ("CodeValue", "LongCodeValue", "URNCodeValue")
_UNKNOWN = ("261665006", "SCT", "Unknown")


def surviving(source: Dataset, patient: Patient) -> Dataset:
    """What survives of a data set or of an item of a sequence. Pixels and the file's meta information do not."""
    from pydicom.dataset import Dataset

    kept = Dataset()
    if any(keyword in source for keyword in _CODE_KEYWORDS):
        kept.CodeValue, kept.CodingSchemeDesignator, kept.CodeMeaning = _code(source)
        return kept
    actions = load_profile().actions
    for tag in source.keys():  # noqa: SIM118 - iterating the data set itself converts every value at once
        action = actions.get(tag)
        if action is not None:
            kept.add(_element(source, tag, action, patient))
    for private in load_profile().private:
        _keep_private(source, kept, private, patient)
    return kept


def _element(source: Dataset, tag: Any, action: str, patient: Patient) -> DataElement:
    """The element with the values that survive; an empty one where their kind or number is not the standard's."""
    from pydicom.datadict import dictionary_VM, dictionary_VR
    from pydicom.dataelem import DataElement

    vrs = dictionary_VR(tag).split(" or ")
    try:
        found = source[tag]
    except Exception:  # pydicom's converters raise many kinds on damaged values
        return DataElement(tag, vrs[0], None)
    count = dictionary_VM(tag)
    if found.VR not in vrs or (count.isdigit() and found.VM not in (0, int(count)) and found.VR != "SQ"):
        return DataElement(tag, vrs[0], None)
    if action == "items" or found.VR == "SQ":
        items = found.value if action == "items" else ()
        return DataElement(tag, "SQ", [surviving(item, patient) for item in items or ()])
    return DataElement(tag, found.VR, _values(found, action, patient))


def _values(found: DataElement, action: str, patient: Patient) -> Any:
    from pydicom.multival import MultiValue

    many = isinstance(found.value, MultiValue | list | tuple)
    values = list(found.value) if many else [] if found.value is None else [found.value]
    if found.VR in BINARY:
        return values if action == "number" and all(_is_plausible(one, found) for one in values) else None
    texts = [TEXTS[action](str(one).strip(" \0"), patient) for one in values]
    if action == "number" and not all(texts):
        return None  # a number less would make another vector of them
    return texts


def _is_plausible(value: Any, found: DataElement) -> bool:
    """Whether a binary number can be one: letters that stand where a number should are read as absurd ones.

    An attribute tag is one that DICOM knows.
    """
    from pydicom.datadict import dictionary_has_tag

    if found.VR == "AT":
        return dictionary_has_tag(value)
    if isinstance(value, float):
        return value == 0 or SMALLEST_FLOAT <= abs(value) <= LARGEST_FLOAT
    return abs(value) <= (LARGEST_OF_SEVERAL if found.VR in ("US", "SS") and found.VM > 1 else LARGEST_INTEGER)


def _keep_private(source: Dataset, kept: Dataset, private: PrivateElement, patient: Patient) -> None:
    try:
        found = source.private_block(private.group, private.creator)[private.element]
        if found.VR not in private.vrs or private.count != found.VM:
            return
        value = _values(found, "word" if found.VR == "CS" else "number", patient)
    except Exception:  # no such block or element, or a value that cannot be converted
        return
    if value:
        kept.private_block(private.group, private.creator, create=True).add_new(private.element, found.VR, value)


def _code(item: Dataset) -> tuple[str, str, str]:
    """The code of an item where DICOM's own context groups list it, with their meaning of it; else unknown."""
    value, scheme = str(item.get("CodeValue", "")).strip(), str(item.get("CodingSchemeDesignator", "")).strip()
    meaning = _meanings().get((scheme, value))
    return (value, scheme, meaning) if meaning else _UNKNOWN


@cache
def _meanings() -> Mapping[tuple[str, str], str]:
    """(scheme, value) -> meaning of every code that DICOM's context groups list, SNOMED's old codes included."""
    from pydicom.sr._concepts_dict import concepts
    from pydicom.sr._snomed_dict import mapping

    known: dict[tuple[str, str], str] = {}
    for scheme, keywords in concepts.items():
        for value, (listed, _) in (code for codes in keywords.values() for code in codes.items()):
            meaning = listed or "Unknown"
            other = known.get((scheme, value), meaning)  # some have several
            known[scheme, value] = meaning if len(meaning) < len(other) else other
    old = {("SRT", value): known[("SCT", new)] for value, new in mapping["SRT"].items() if ("SCT", new) in known}
    return {one: meaning[:64] for one, meaning in (known | old).items()}
