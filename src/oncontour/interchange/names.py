"""What other programs' names of channels and labels mean here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from oncontour.core.errors import BundleError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.core.sequence import Sequence as Image
from oncontour.data.datasets.words import label_name
from oncontour.data.names import read_name
from oncontour.inference.labels import known_region, own_scheme

_CORE = frozenset({"ET", "NCR", "NET", "CC", "RC"})
"""Labels of the tumour core; with oedema they are the whole tumour."""


def channels(where: Path, names: Sequence[str], stated: Sequence[Image] | None) -> tuple[Image, ...]:
    """The sequence of each channel.

    Args:
        where: how errors name the model.
        names: of the channels in their order.
        stated: what the user says they are; None: read the names.

    Raises:
        BundleError: a name that says no sequence, one sequence twice, or another number of them than there are names.
    """
    remedy = "Say what the channels are, in their order: --channels T1,T1CE,T2,FLAIR."
    if stated is not None and len(stated) != len(names):
        raise BundleError(where, f"{len(names)} channels: {', '.join(names)}", f"{len(stated)}, as stated", remedy)
    found = tuple(stated or [read_name(name).sequence for name in names])
    unknown = [name for name, sequence in zip(names, found, strict=True) if sequence is None]
    if unknown or len(set(found)) < len(found):
        shown = ", ".join(f"{name!r}" for name in unknown or names)
        raise BundleError(where, f"channels {shown}", "names of different sequences", remedy)
    return tuple(sequence for sequence in found if sequence is not None)


def scheme_of_labels(name: str, labels: Mapping[str, int]) -> LabelScheme:
    """The scheme of a model that gives one class a label.

    Where every label is known to be part of a tumour, the regions are the whole tumour, its core and what enhances, and
    each further label that these do not paint; else each label is a region.

    Args:
        name: of the scheme.
        labels: name -> value, without the background.

    >>> scheme = scheme_of_labels("msd", {"edema": 1, "non-enhancing tumor": 2, "enhancing tumour": 3})
    >>> dict(scheme.painting())
    {'WT': 1, 'TC': 2, 'ET': 3}
    """
    values = dict(sorted((value, label) for label, value in labels.items()))
    short = {value: label_name(label) for value, label in values.items()}
    parts = set(short.values())
    if "ET" not in parts or not parts <= _CORE | {"ED"} or len(parts) < len(values):
        entries = {value: (_region_name(label), label) for value, label in values.items()}
        regions = {own: (title, frozenset({own})) for own, title in entries.values()}
        return own_scheme(_free(name), entries, regions)
    core = [str(short[value]) for value in values if short[value] in _CORE]
    solid, *others = [part for part in core if part != "ET"] or [None]
    nested = {"WT": frozenset(map(str, parts))} if "ED" in parts else {}
    nested |= {"TC": frozenset(core)} if solid else {}
    nested |= {str(part): frozenset({str(part)}) for part in (*others, "ET")}
    entries = {value: (str(short[value]), label) for value, label in values.items()}
    return own_scheme(_free(name), entries, {region: (_title(region), held) for region, held in nested.items()})


def scheme_of_regions(
    where: Path, name: str, regions: Mapping[str, Sequence[int]], order: Sequence[int]
) -> LabelScheme:
    """The scheme of a model that gives one output a region.

    Args:
        where: how errors name the model.
        name: of the scheme.
        regions: name -> label values, in the order of the outputs.
        order: the value that each region paints, nnU-Net's `regions_class_order`.

    Raises:
        BundleError: regions that cannot be painted in that order.
    """
    values = sorted({value for own in regions.values() for value in own})
    alone = {own[0]: region for region, own in regions.items() if len(own) == 1}
    labels = {value: _label(value, alone, regions) for value in values}
    named = {_region_name(region): (region, own) for region, own in regions.items()}
    held = {
        region: (_title(region, words), frozenset(labels[value][0] for value in own))
        for region, (words, own) in named.items()
    }
    scheme = own_scheme(_free(name), labels, held)
    try:
        painted = list(scheme.painting().values())
    except IndexError:
        painted = []
    if painted != list(order) or len(named) < len(regions):
        shown = ", ".join(f"{region} {list(own)}" for region, own in regions.items())
        expected = "regions of which each paints the label that no later one holds"
        raise BundleError(where, f"regions {shown} painted as {list(order)}", expected, "Such a model is not read.")
    return scheme


def _label(value: int, alone: Mapping[int, str], regions: Mapping[str, Sequence[int]]) -> tuple[str, str]:
    """Name and title of a label: those of the region that it is alone, or what it is in the largest one."""
    if value in alone:
        return _region_name(alone[value]), alone[value]
    around = min((region for region, own in regions.items() if value in own), key=lambda region: len(regions[region]))
    return f"{_region_name(around)}-{value}", f"label {value} of {around}"


def _region_name(name: str) -> str:
    """Ours where the name is known; else the name, without the colon that `labels.yaml` puts behind it."""
    return label_name(name) or name.replace(":", "")


def _title(region: str, otherwise: str = "") -> str:
    known = known_region(region)
    return known.title if known else otherwise or region


def _free(name: str) -> str:
    """A scheme's name that is not one of ours."""
    return f"{name}-imported" if name in SCHEMES else name
