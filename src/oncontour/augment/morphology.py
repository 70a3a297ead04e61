"""Labels of a coarse model made larger, smaller or smoother, as a worse model might have drawn them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from oncontour.augment.interface import Params, Sample
from oncontour.augment.numbers import Range, check_number, check_range, for_channels, uniform
from oncontour.core.box import bounding_box

Mask = NDArray[np.bool_]


def dilated(mask: Mask, radius: float) -> Mask:
    """Every voxel at most `radius` voxels from the mask."""
    return distance_transform_edt(~mask) <= radius if mask.any() else mask


def eroded(mask: Mask, radius: float) -> Mask:
    """Voxels more than `radius` from every one that is not of the mask; nothing is known beyond the array."""
    return mask if mask.all() else distance_transform_edt(mask) > radius


OPERATIONS: Mapping[str, Callable[[Mask, float], Mask]] = {
    "dilation": dilated,
    "erosion": eroded,
    "closing": lambda mask, radius: eroded(dilated(mask, radius), radius),
    "opening": lambda mask, radius: dilated(eroded(mask, radius), radius),
}
"""By name, of a mask and the radius of a ball in voxels."""


def operated(mask: Mask, operation: str, radius: float) -> Mask:
    """An operation, in the box that it can change."""
    box = bounding_box(mask)
    if box is None:
        return mask
    room = 2 * ceil(radius) + 1
    i, j, k = (
        slice(max(side.start - room, 0), min(side.stop + room, size))
        for side, size in zip(box, mask.shape, strict=True)
    )
    found = np.zeros_like(mask)
    found[i, j, k] = OPERATIONS[operation](mask[i, j, k], radius)
    return found


@dataclass(frozen=True)
class Morphology:
    """Dilate, erode, close or open channels of 0 and 1, one after the other; where one grows the others give way.

    For the labels that a coarse model hands on to a fine one (`training.augment_previous`), as nnU-Net does it: the
    fine model must not trust them too far.

    Args:
        radius: of the ball, in voxels.
        channel_probability: of each label.
    """

    radius: Range = (1.0, 8.0)
    channel_probability: float = 0.5

    def __post_init__(self) -> None:
        check_range(self, "radius", 0)
        check_number(self, "channel_probability", 0, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Labels in the order in which they are changed, each with its operation and radius."""
        names = list(OPERATIONS)

        def numbers() -> dict[str, Any]:
            return {"operation": names[rng.integers(len(names))], "radius": uniform(rng, self.radius)}

        changes = for_channels(rng, shape[0], self.channel_probability, numbers)["channels"]
        return {"channels": [changes[n] for n in rng.permutation(len(changes))]}

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Change them."""
        masks = sample.image.numpy() != 0
        for one in params["channels"]:
            changed = operated(masks[one["channel"]], one["operation"], one["radius"])
            masks &= ~(changed & ~masks[one["channel"]])
            masks[one["channel"]] = changed
        return Sample(torch.from_numpy(masks).to(sample.image.dtype), sample.regions)
