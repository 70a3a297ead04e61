"""Lesion by lesion, as the BraTS challenges of 2023 count: a missed lesion weighs as much as a large one found.

Saluja et al., "BraTS 2023 lesion-wise performance metrics", and the challenge's own program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import binary_dilation, generate_binary_structure

from oncontour.core.box import Box, joint_box, widened
from oncontour.core.errors import InputError
from oncontour.core.overlap import Overlap
from oncontour.evaluate.metrics.distance import PERCENT
from oncontour.evaluate.metrics.surfaces import checked_masks
from oncontour.evaluate.metrics.surfels import surfels
from oncontour.postprocess.components import component_boxes, component_sizes, label_components

Challenge = Literal["glioma", "paediatric", "metastasis", "meningioma", "africa"]

PENALTY_MM = 374.0
"""Hausdorff distance of a lesion that was missed or invented: the diagonal of BraTS images, about."""


@dataclass(frozen=True)
class Rules:
    """A challenge's.

    Args:
        dilations: times by which reference lesions grow before it is told which are one, and what touches them.
        smallest_mm3: reference lesions no larger than this are left out.
    """

    dilations: int
    smallest_mm3: float


RULES: Mapping[Challenge, Rules] = {
    "glioma": Rules(3, 50.0),
    "paediatric": Rules(3, 50.0),
    "africa": Rules(3, 50.0),
    "meningioma": Rules(1, 50.0),
    "metastasis": Rules(1, 2.0),
}


@dataclass(frozen=True)
class Lesion:
    """One lesion of the reference.

    Args:
        volume_mm3: of it.
        dice: with all predicted components that touch it, whole; 0 where none does.
        hd95: the same's Hausdorff distance (convention "brats2023"), mm; `PENALTY_MM` where none touches it.
        found: whether one does.
    """

    volume_mm3: float
    dice: float
    hd95: float
    found: bool


@dataclass(frozen=True)
class Lesionwise:
    """What a case scores.

    Args:
        lesions: the reference's that count.
        false_mm3: volume of each predicted component that touches no lesion, whatever its size.
    """

    lesions: tuple[Lesion, ...]
    false_mm3: tuple[float, ...]

    @property
    def tp(self) -> int:
        """Lesions that were found."""
        return sum(lesion.found for lesion in self.lesions)

    @property
    def fn(self) -> int:
        """Lesions that were missed."""
        return len(self.lesions) - self.tp

    @property
    def fp(self) -> int:
        """Predicted components that touch no lesion."""
        return len(self.false_mm3)

    @property
    def dice(self) -> float:
        """Mean over lesions and false components, these 0; nothing at all: 1."""
        count = len(self.lesions) + self.fp
        return sum(lesion.dice for lesion in self.lesions) / count if count else 1.0

    @property
    def hd95(self) -> float:
        """Mean over lesions and false components, these `PENALTY_MM`; nothing at all: 0."""
        count = len(self.lesions) + self.fp
        total = sum(lesion.hd95 for lesion in self.lesions) + self.fp * PENALTY_MM
        return total / count if count else 0.0


def lesionwise(
    pred: ArrayLike, ref: ArrayLike, spacing: Sequence[float], rules: Challenge | Rules = "glioma"
) -> Lesionwise:
    """Score a case lesion by lesion.

    Components share a corner. Reference components that meet when grown by the 18-neighbourhood are one lesion; every
    predicted component that touches a grown lesion counts as part of what was found of it, of several if it touches
    several.

    Args:
        pred, ref, spacing: as for `surface_distances`, as are errors.
        rules: a challenge's name, or rules.

    Raises:
        InputError: no such challenge.
    """
    p, r = checked_masks(pred, ref, spacing)
    if not isinstance(rules, Rules) and rules not in RULES:
        raise InputError("lesionwise", repr(rules), f"one of {', '.join(RULES)}", "Choose a challenge's rules.")
    own = rules if isinstance(rules, Rules) else RULES[rules]
    box = joint_box(p, r)
    if box is None:
        return Lesionwise((), ())
    box = widened(box, own.dilations)
    p, r, voxel = p[box], r[box], prod(spacing)
    found, _ = label_components(p)
    sizes, boxes = component_sizes(found), component_boxes(found)
    lesions, touched = [], {0}
    numbers = _lesion_numbers(r, own.dilations)
    for number, place in enumerate(component_boxes(numbers), start=1):
        wide = widened(place, own.dilations)
        lesion = numbers[wide] == number
        touching = np.unique(found[wide][_grown(lesion, own.dilations)])
        touching = touching[touching > 0]
        touched.update(touching.tolist())
        voxels = int(np.count_nonzero(lesion))
        volume = voxels * voxel
        if volume <= own.smallest_mm3:
            continue
        if not touching.size:
            lesions.append(Lesion(volume, 0.0, PENALTY_MM, found=False))
            continue
        whole = _around([place, *(boxes[n - 1] for n in touching)])
        matched, lesion = np.isin(found[whole], touching), numbers[whole] == number
        common = int(np.count_nonzero(matched & lesion))
        shared = Overlap(common, int(sizes[touching].sum()), voxels, lesion.size)
        distance = surfels(matched, lesion, spacing).percentile(PERCENT)
        lesions.append(Lesion(volume, shared.dice, distance, found=True))
    false = (float(size * voxel) for n, size in enumerate(sizes) if n not in touched)
    return Lesionwise(tuple(lesions), tuple(false))


def _lesion_numbers(ref: NDArray[np.bool_], dilations: int) -> NDArray[np.unsignedinteger]:
    """Each reference voxel's lesion, 1 to n; components that meet when grown are one."""
    grown, _ = label_components(_grown(ref, dilations))
    return grown * ref


def _grown(mask: NDArray[np.bool_], dilations: int) -> NDArray[np.bool_]:
    return binary_dilation(mask, generate_binary_structure(3, 2), dilations)


def _around(boxes: Sequence[tuple[slice, ...]]) -> Box:
    i, j, k = (slice(min(s.start for s in sides), max(s.stop for s in sides)) for sides in zip(*boxes, strict=True))
    return i, j, k
