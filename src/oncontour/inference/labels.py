"""The text of `labels.yaml`, and a label scheme of a model's own read from it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml

from oncontour.core.errors import BundleError
from oncontour.core.labels import SCHEMES, Code, Label, LabelScheme, Region

PALETTE = (
    (86, 180, 233), (240, 228, 66), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (0, 114, 178),
)  # fmt: skip
"""Okabe and Ito's colours (colour-blind safe) for regions that no scheme of ours has."""

CATEGORY = Code("49755003", "SCT", "Morphologically Abnormal Structure")
LESION = Code("52988006", "SCT", "Lesion")
"""What DICOM is told of a region that no scheme of ours has."""


def known_region(name: str) -> Region | None:
    """The region of that name in the first of our schemes that has one.

    >>> known_region("ET").title
    'enhancing tumour'
    """
    for scheme in SCHEMES.values():
        for region in scheme.all_regions:
            if region.name == name:
                return region
    return None


def own_scheme(
    name: str, labels: Mapping[int, tuple[str, str]], regions: Mapping[str, tuple[str, frozenset[str]]]
) -> LabelScheme:
    """A scheme that is not among ours; colours and codes of regions that we know are ours.

    Args:
        name: of the scheme.
        labels: value -> name and title.
        regions: name -> title and the names of its labels, in the order in which they are painted.
    """
    colours = cycle(PALETTE)
    made = []
    for region, (title, own) in regions.items():
        colour, known = next(colours), known_region(region)
        drawn = (known.colour, known.category, known.type) if known else (colour, CATEGORY, LESION)
        made.append(Region(region, title, own, *drawn))
    return LabelScheme(name, tuple(Label(value, *words) for value, words in labels.items()), tuple(made), nested=False)


def labels_text(scheme: LabelScheme) -> str:
    """Text of `labels.yaml`: for readers of the folder, and for `read_labels`."""
    content: dict[str, Any] = {
        "scheme": scheme.name,
        "labels": {label.value: f"{label.name}: {label.title}" for label in scheme.labels},
        "regions": {region.name: sorted(region.labels) for region in scheme.regions},
        "painted in this order": dict(scheme.painting()),
    }
    if scheme.name not in SCHEMES:
        content["titles"] = {region.name: region.title for region in scheme.regions}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def read_labels(path: Path) -> LabelScheme:
    """The scheme of a bundle whose plan names none of ours.

    Raises:
        BundleError: not a text of `labels_text`.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        labels = {int(value): tuple(text.split(": ", 1)) for value, text in content["labels"].items()}
        titles = content["titles"]
        regions = {name: (titles[name], frozenset(own)) for name, own in content["regions"].items()}
        scheme = own_scheme(content["scheme"], labels, regions)
    except (OSError, yaml.YAMLError, KeyError, AttributeError, ValueError, TypeError) as error:
        expected = "labels, regions and titles, as bundles have them"
        found = f"no readable labels ({type(error).__name__})"
        raise BundleError(path, found, expected, "Import or export the bundle again.") from error
    unknown = set().union(*(region.labels for region in scheme.regions)) - {label.name for label in scheme.labels}
    if unknown or scheme.painting() != content["painted in this order"]:
        found = f"regions of unknown labels {sorted(unknown)}" if unknown else "regions painted in another order"
        raise BundleError(path, found, "regions of its own labels", "Import or export the bundle again.")
    return scheme
