"""Changes of single channels that keep what lies outside the brain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor

from oncontour.augment.interface import Sample


def change_channels(sample: Sample, changes: Iterable[dict[str, Any]], change: Callable[..., Tensor]) -> Sample:
    """Replace channels by what `change(values (i, j, k), **numbers)` gives; where a voxel was 0 it stays 0.

    Images are 0 outside the brain, and networks see them so when they predict. Absent sequences, 0 everywhere, are
    passed over.

    Args:
        changes: of each channel concerned its number, `channel`, and the numbers of its change.
        change: must not write into its argument.
    """
    image = sample.image.clone()
    for numbers in changes:
        channel = numbers["channel"]
        inside = image[channel] != 0
        if inside.any():
            rest = {name: value for name, value in numbers.items() if name != "channel"}
            image[channel] = change(image[channel], **rest) * inside
    return Sample(image, sample.regions)
