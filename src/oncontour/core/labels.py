"""Label schemes: which labels a mask has, which regions they form, and how regions become one label map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError


@dataclass(frozen=True)
class Code:
    """A coded term: value, coding scheme and meaning, as DICOM writes it (PS3.3 section 8)."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One value of a label map."""

    value: int
    name: str
    title: str


@dataclass(frozen=True)
class Region:
    """A named set of labels: what is measured, drawn and sent.

    Args:
        name: short name in files and tables, such as "WT".
        title: name in words.
        labels: names of the labels that form it.
        colour: sRGB, 0 to 255, as drawn on every picture.
        category: DICOM Segmented Property Category (PS3.16 CID 7150).
        type: DICOM Segmented Property Type (PS3.16 CID 7151 and its children; CID 7194 for lesions).
    """

    name: str
    title: str
    labels: frozenset[str]
    colour: tuple[int, int, int]
    category: Code
    type: Code


@dataclass(frozen=True)
class LabelScheme:
    """Labels and the regions they form.

    Args:
        name: as it stands in plans and on the command line.
        labels: every label of a label map but 0, the background.
        regions: outermost first; a nested scheme lists each region before those inside it.
        nested: whether each region lies inside the one before it.
        composites: further sets of labels that papers report. They are measured on label maps, never painted.
    """

    name: str
    labels: tuple[Label, ...]
    regions: tuple[Region, ...]
    nested: bool
    composites: tuple[Region, ...] = ()

    @property
    def all_regions(self) -> tuple[Region, ...]:
        """Regions and composites: all that is measured."""
        return *self.regions, *self.composites

    def region(self, name: str) -> Region:
        """The region, or composite, of that name."""
        for region in self.all_regions:
            if region.name == name:
                return region
        known = ", ".join(region.name for region in self.all_regions)
        raise InputError(f"scheme {self.name}", f"region {name!r}", f"one of {known}", "Correct the region's name.")

    def values(self, region: Region) -> tuple[int, ...]:
        """The label values that form a region."""
        return tuple(label.value for label in self.labels if label.name in region.labels)

    def encode(self, label_map: NDArray) -> NDArray[np.bool_]:
        """Boolean regions (R, i, j, k) of a label map (i, j, k).

        >>> BRATS.encode(np.array([[[0, 1, 2, 3]]]))[:, 0, 0].astype(int).tolist()
        [[0, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1]]
        """
        known = {0, *(label.value for label in self.labels)}
        unknown = sorted(set(np.unique(label_map).tolist()) - known)
        if unknown:
            remedy = "Map the labels first, or choose the scheme that has them."
            raise InputError(f"scheme {self.name}", f"labels {unknown}", f"only {sorted(known)}", remedy)
        return np.stack([np.isin(label_map, self.values(region)) for region in self.regions])

    @property
    def regions_tell_labels(self) -> bool:
        """Whether no two labels belong to the same regions, so that regions alone give every label.

        >>> BRATS.regions_tell_labels, PAEDIATRIC.regions_tell_labels
        (True, False)
        """
        members = [frozenset(r.name for r in self.regions if label.name in r.labels) for label in self.labels]
        return len(set(members)) == len(members)

    def decode(self, regions: NDArray[np.bool_], chances: NDArray[np.floating] | None = None) -> NDArray[np.uint8]:
        """Label map (i, j, k) of boolean regions (R, i, j, k): later regions are drawn over earlier ones.

        Args:
            chances: (L, i, j, k), how likely each label is: where regions leave several open, the likeliest is drawn.

        >>> regions = BRATS.encode(np.array([[[0, 1, 2, 3]]]))
        >>> BRATS.decode(regions).tolist()
        [[[0, 1, 2, 3]]]
        """
        label_map = np.zeros(regions.shape[1:], dtype=np.uint8)
        place = {label.value: n for n, label in enumerate(self.labels)}
        for mask, values in zip(regions, self._painted().values(), strict=True):
            label_map[mask] = values[0]
            if chances is not None and len(values) > 1:
                own = np.stack([chances[place[value]][mask] for value in values])
                label_map[mask] = np.array(values, np.uint8)[own.argmax(0)]
        return label_map

    def combine(self, regions: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Label map (i, j, k) of boolean regions (R, i, j, k) that tell labels apart: the reverse of `encode`.

        Where regions overlap as those of no label do, there is none.

        >>> regions = SEQUENCE_MASKS.encode(np.array([[[0, 1, 6, 7]]]))
        >>> SEQUENCE_MASKS.combine(regions).tolist()
        [[[0, 1, 6, 7]]]
        """
        label_map = np.zeros(regions.shape[1:], np.uint8)
        for label in self.labels:
            alike = [mask == (label.name in region.labels) for region, mask in zip(self.regions, regions, strict=True)]
            label_map[np.all(alike, axis=0)] = label.value
        return label_map

    def painting(self) -> Mapping[str, int]:
        """The priority list of `decode`: region name -> the label value that it paints, in order.

        A region paints the label that no later region holds; the first of them where it has several.

        >>> dict(BRATS.painting())
        {'WT': 2, 'TC': 1, 'ET': 3}
        """
        return {name: values[0] for name, values in self._painted().items()}

    def _painted(self) -> Mapping[str, tuple[int, ...]]:
        """Region name -> the values of its labels that no later region holds."""
        painted = {}
        for n, region in enumerate(self.regions):
            inner = frozenset[str]().union(*(later.labels for later in self.regions[n + 1 :]))
            painted[region.name] = tuple(v.value for v in self.labels if v.name in region.labels - inner)
        return painted


_MORPHOLOGIC = Code("49755003", "SCT", "Morphologically Abnormal Structure")

BRATS = LabelScheme(
    name="brats",
    labels=(
        Label(1, "NCR", "necrotic and non-enhancing tumour core"),
        Label(2, "ED", "peritumoural oedema and infiltration"),
        Label(3, "ET", "enhancing tumour"),
    ),
    regions=(
        Region("WT", "whole tumour", frozenset({"NCR", "ED", "ET"}), (86, 180, 233), _MORPHOLOGIC,
               Code("301766008", "SCT", "Lesion of Brain")),
        Region("TC", "tumour core", frozenset({"NCR", "ET"}), (240, 228, 66), _MORPHOLOGIC,
               Code("108369006", "SCT", "Neoplasm")),
        Region("ET", "enhancing tumour", frozenset({"ET"}), (213, 94, 0), _MORPHOLOGIC,
               Code("C113842", "NCIt", "Enhancing Lesion")),
    ),
    nested=True,
)  # fmt: skip
"""BraTS 2023 values: NCR 1, ED 2, ET 3; WT > TC > ET. Colours from the Okabe-Ito palette (colour-blind safe).

The codes are of PS3.16 CID 7194. It has no terms for these regions: the whole tumour counts oedema, so it is the
lesion, and the core is the neoplasm; "Neoplasm, Primary" (372087000) would claim what no mask can know.
"""

BRAIN = LabelScheme(
    name="brain",
    labels=(Label(1, "BRAIN", "brain with its ventricles"),),
    regions=(
        Region("BRAIN", "brain", frozenset({"BRAIN"}), (0, 158, 115), Code("91723000", "SCT", "Anatomical Structure"),
               Code("12738006", "SCT", "Brain")),
    ),
    nested=True,
)  # fmt: skip
"""The brain alone, as brain extraction gives it (PS3.16 CID 7150, CID 7140)."""

_WHOLE, _CORE, _ENHANCING = (region for region in BRATS.regions)
_EDEMA = Code("79654002", "SCT", "Edema")
_CYST = Code("367643001", "SCT", "Cyst")
_NON_ENHANCING = Code("C81175", "NCIt", "Non-Enhancing Lesion")
_LESION = Code("52988006", "SCT", "Lesion")


WHOLE = LabelScheme(
    name="whole",
    labels=(Label(1, "WT", "tumour with its oedema"),),
    regions=(replace(_WHOLE, labels=frozenset({"WT"})),),
    nested=True,
)
"""One mask: the whole tumour (paper 004, Rahimpour: one binary model a task)."""

PAEDIATRIC = LabelScheme(
    name="paediatric",
    labels=(
        Label(1, "ET", "enhancing tumour"),
        Label(2, "NET", "non-enhancing tumour"),
        Label(3, "CC", "cystic component"),
        Label(4, "ED", "peritumoural oedema"),
    ),
    regions=(
        replace(_WHOLE, labels=frozenset({"ET", "NET", "CC", "ED"})),
        replace(_CORE, labels=frozenset({"ET", "NET", "CC"})),
        _ENHANCING,
    ),
    nested=True,
    composites=(
        Region("NET", "non-enhancing tumour", frozenset({"NET"}), (230, 159, 0), _MORPHOLOGIC, _NON_ENHANCING),
        Region("CC", "cystic component", frozenset({"CC"}), (0, 114, 178), _MORPHOLOGIC, _CYST),
        Region("ED", "peritumoural oedema", frozenset({"ED"}), (0, 158, 115), _MORPHOLOGIC, _EDEMA),
        Region("NETCCED", "all that does not enhance", frozenset({"NET", "CC", "ED"}), (204, 121, 167), _MORPHOLOGIC,
               _NON_ENHANCING),
    ),
)  # fmt: skip
"""BraTS-PEDs 2024 values: ET 1, NET 2, CC 3, ED 4; composites as paper 000 (Vossough) reports them."""

POSTOPERATIVE = LabelScheme(
    name="postoperative",
    labels=(
        Label(1, "NCR", "necrotic and non-enhancing tumour core"),
        Label(2, "ED", "oedema, infiltration and scar"),
        Label(3, "ET", "enhancing tumour"),
        Label(4, "RC", "resection cavity with its blood and gas"),
    ),
    regions=(
        replace(_WHOLE, labels=frozenset({"NCR", "ED", "ET", "RC"})),
        replace(_CORE, labels=frozenset({"NCR", "ET", "RC"})),
        _ENHANCING,
    ),
    nested=True,
    composites=(
        Region("RC", "resection cavity", frozenset({"RC"}), (0, 114, 178), _MORPHOLOGIC, _LESION),
    ),
)  # fmt: skip
"""BraTS 2024 post-treatment values; the core counts the cavity, as paper 002 (Lotan) does: TC - ET = NET + NC + RC."""

_SHOWN = ("ET", "ADC", "FLAIR")


def _shown(value: int) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(_SHOWN) if value >> bit & 1)


SEQUENCE_MASKS = LabelScheme(
    name="sequence-masks",
    labels=tuple(
        Label(value, "+".join(_shown(value)), "abnormal: " + ", ".join(_shown(value))) for value in range(1, 8)
    ),
    regions=tuple(
        Region(name, title, frozenset("+".join(_shown(value)) for value in range(1, 8) if name in _shown(value)),
               colour, _MORPHOLOGIC, code)
        for name, title, colour, code in (
            ("FLAIR", "hyperintense on FLAIR", (86, 180, 233), _WHOLE.type),
            ("ADC", "abnormal on the ADC map", (240, 228, 66), _LESION),
            ("ET", "enhancing tumour", _ENHANCING.colour, _ENHANCING.type),
        )
    ),
    nested=False,
)  # fmt: skip
"""Overlapping masks, one a sequence (paper 003, Wan). A label's value is the sum of 1 (enhancing on T1CE), 2 (abnormal
ADC) and 4 (hyperintense on FLAIR), so that one label map holds all overlaps; `decode` keeps only the last region's."""

SCHEMES: Mapping[str, LabelScheme] = {
    scheme.name: scheme for scheme in (BRATS, BRAIN, PAEDIATRIC, POSTOPERATIVE, SEQUENCE_MASKS, WHOLE)
}
