"""Who drew masks of which cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.data.datasets.dataset import ImageFile
from oncontour.evaluate.pairs import Masks, find_masks


@dataclass(frozen=True)
class Source:
    """One who drew masks.

    Args:
        name: in tables.
        masks: of its cases.
        expert: a person, whose masks may be a reference; else a model.
    """

    name: str
    masks: Masks
    expert: bool


@dataclass(frozen=True)
class Reading:
    """All masks of one case.

    Args:
        case: its name.
        files: name of the source -> its mask, experts first, in the order in which they were named.
    """

    case: str
    files: Mapping[str, ImageFile]


@dataclass(frozen=True)
class Readings:
    """All cases.

    Args:
        cases: of which two sources or more have a mask, by name.
        missing: source -> cases of other sources that it lacks. A mask that is not there is no empty mask: a reader
            need not have read a case.
        alone: cases of which one source alone has a mask: there is nothing to compare.
    """

    cases: tuple[Reading, ...]
    missing: Mapping[str, tuple[str, ...]]
    alone: tuple[str, ...]


def find_sources(experts: Mapping[str, Path], models: Mapping[str, Path], scheme: str) -> tuple[Source, ...]:
    """Find the masks of every expert and model (`find_masks`), experts first.

    Raises:
        InputError: fewer than two experts, a name of both, or no masks in a place.
    """
    if len(experts) < 2:
        remedy = "Name another expert; a model against one expert is `oncontour evaluate`."
        raise InputError("experts", ", ".join(experts) or "none", "two or more", remedy)
    both = sorted(set(experts) & set(models))
    if both:
        raise InputError("raters", f"{both[0]!r} as expert and model", "names that differ", "Rename one.")
    named = [(name, path, True) for name, path in experts.items()]
    named += [(name, path, False) for name, path in models.items()]
    return tuple(Source(name, find_masks(path, scheme), expert) for name, path, expert in named)


def gather(sources: Sequence[Source]) -> Readings:
    """Bring the masks of each case together, by its name.

    Where every source is a single file, they are of one case, whatever they are called.

    Raises:
        InputError: no case of which two sources have a mask.
    """
    files = {source.name: source.masks.files for source in sources}
    if all(source.masks.root.is_file() for source in sources):
        case = next(iter(sources[0].masks.files))
        files = {name: {case: next(iter(found.values()))} for name, found in files.items()}
    every = sorted(set().union(*files.values()))
    readings = [Reading(case, {name: found[case] for name, found in files.items() if case in found}) for case in every]
    shared = tuple(one for one in readings if len(one.files) > 1)
    if not shared:
        found = "; ".join(f"{name}: {', '.join(sorted(cases)[:3])}" for name, cases in files.items())
        raise InputError("raters", f"cases such as {found}", "names that occur twice", "Name the files alike.")
    missing = {name: tuple(case for case in every if case not in found) for name, found in files.items()}
    alone = tuple(one.case for one in readings if len(one.files) == 1)
    return Readings(shared, {name: cases for name, cases in missing.items() if cases}, alone)
