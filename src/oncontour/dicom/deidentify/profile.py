"""The table of what survives, `profile.yaml`, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


@dataclass(frozen=True)
class PrivateElement:
    """A private element that is safe (PS3.15 table E.3.10-1).

    Args:
        creator: who reserved the block that it stands in.
        element: its number within the block.
        vrs: VRs that it may have.
        count: how many values it has.
    """

    creator: str
    group: int
    element: int
    vrs: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Profile:
    """What survives, and how.

    Args:
        actions: element number -> action, as `profile.yaml` names them.
        private: safe private elements.
        vocabulary: words that an element may keep, in capitals.
    """

    actions: Mapping[int, str]
    private: tuple[PrivateElement, ...]
    vocabulary: frozenset[str]


@cache
def load_profile() -> Profile:
    """The profile that comes with the program.

    Raises:
        ValueError: it names an element that DICOM does not know, or one twice.
    """
    from pydicom.datadict import tag_for_keyword

    table = yaml.safe_load(files("oncontour.dicom.deidentify").joinpath("profile.yaml").read_text("utf-8"))
    actions: dict[int, str] = {}
    for action, groups in table["elements"].items():
        for keyword in (keyword for group in groups for keyword in group):
            tag = tag_for_keyword(keyword)
            if tag is None or tag in actions:
                raise ValueError(f"profile.yaml: {keyword} is {'no element' if tag is None else 'named twice'}")
            actions[tag] = action
    private = tuple(
        PrivateElement(creator, group, element, tuple(vrs), count)
        for creator, group, element, vrs, count in table["private"]
    )
    vocabulary = frozenset(word.upper() for words in table["vocabulary"].values() for word in words)
    return Profile(actions, private, vocabulary)
