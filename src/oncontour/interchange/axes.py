"""nnU-Net's axes and ours: it reads a file's (x, y, z) as (z, y, x), then transposes; our networks keep (x, y, z).

`order[a]` is the file's axis that nnU-Net calls its axis a; kernels are permuted once, when a model is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from torch import Tensor

T = TypeVar("T")

Order = tuple[int, int, int]


def axis_order(transpose_forward: Sequence[int]) -> Order:
    """The file's axis of each of nnU-Net's.

    >>> axis_order([0, 1, 2])
    (2, 1, 0)
    >>> axis_order([2, 0, 1])
    (0, 2, 1)
    """
    a, b, c = (2 - int(axis) for axis in transpose_forward)
    return a, b, c


def to_file(values: Sequence[T], order: Order) -> tuple[T, T, T]:
    """One value an axis, from nnU-Net's axes to the file's.

    >>> to_file(("slices", "rows", "columns"), (2, 1, 0))
    ('columns', 'rows', 'slices')
    """
    x, y, z = (values[order.index(axis)] for axis in range(3))
    return x, y, z


def to_nnunet(values: Sequence[T], order: Order) -> tuple[T, T, T]:
    """What `to_file` does, undone."""
    a, b, c = (values[axis] for axis in order)
    return a, b, c


def plane(order: Order) -> tuple[int, int]:
    """The file's axes of a 2-D network's rows and columns: nnU-Net's slices lie along its first axis."""
    return order[1], order[2]


def permute_weights(weights: Mapping[str, Tensor], order: Order) -> dict[str, Tensor]:
    """Weights with the kernels' axes turned from nnU-Net's to the file's.

    A 2-D network of ours sees the file's axes in their order, so its kernels are turned where `plane` is not.
    """
    back = [2 + int(axis) for axis in np.argsort(order)]
    swapped = plane(order)[0] > plane(order)[1]

    def turn(weight: Tensor) -> Tensor:
        if weight.ndim == 5:
            return weight.permute(0, 1, *back).contiguous()
        return weight.transpose(2, 3).contiguous() if weight.ndim == 4 and swapped else weight

    return {name: turn(weight) for name, weight in weights.items()}


def inverse(order: Order) -> Order:
    """The order that turns kernels back."""
    a, b, c = (int(axis) for axis in np.argsort(order))
    return a, b, c
