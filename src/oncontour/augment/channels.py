"""Changes of single channels that keep what lies outside the brain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
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
    image = torch.empty_like(sample.image)
    numbers = {one["channel"]: {name: one[name] for name in one if name != "channel"} for one in changes}
    for channel, (values, changed) in enumerate(zip(sample.image, image, strict=True)):
        inside = values != 0
        if channel in numbers and inside.any():
            torch.mul(change(values, **numbers[channel]), inside, out=changed)
        else:
            changed.copy_(values)
    return Sample(image, sample.regions)
