"""Numbers that transforms draw, and checks of those that they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from oncontour.augment.interface import Params
from oncontour.core.errors import InputError

Range = tuple[float, float]
"""Lowest and highest value."""


def uniform(rng: np.random.Generator, bounds: Range) -> float:
    """A number between two bounds, each as likely as the others."""
    return float(rng.uniform(*bounds))


def around_one(rng: np.random.Generator, bounds: Range) -> float:
    """A factor between two bounds; if 1 is between them it is below 1 in half of the draws (nnU-Net).

    A uniform draw from 0.7 to 1.5 would raise more often than it lowers.
    """
    low, high = bounds
    if low < 1 < high:
        low, high = (low, 1.0) if rng.random() < 0.5 else (1.0, high)
    return float(rng.uniform(low, high))


def for_channels(
    rng: np.random.Generator, channels: int, probability: float, numbers: Callable[[], dict[str, Any]]
) -> Params:
    """Numbers for each channel on its own, with a probability; which channels is drawn before any of their numbers.

    Args:
        channels: how many there are.
        probability: of each.
        numbers: draws those of one channel, by the names that its change takes (`change_channels`).
    """
    chosen = [channel for channel in range(channels) if rng.random() < probability]
    return {"channels": [{"channel": channel, **numbers()} for channel in chosen]}


def sub_seed(rng: np.random.Generator) -> int:
    """Seed of the generator that a voxel-wise draw has for itself."""
    return int(rng.integers(2**31))


def check_range(transform: object, name: str, low: float = -np.inf, high: float = np.inf) -> None:
    """Refuse a field of a transform that is no ascending pair of numbers within bounds.

    Raises:
        InputError: naming the field and its value.
    """
    value = getattr(transform, name)
    pair = isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value))
    if not (pair and low <= value[0] <= value[1] <= high):
        _refuse(transform, name, value, f"two ascending numbers between {low:g} and {high:g}")


def check_number(transform: object, name: str, low: float = -np.inf, high: float = np.inf) -> None:
    """Refuse a field of a transform that is no number within bounds.

    Raises:
        InputError: naming the field and its value.
    """
    value = getattr(transform, name)
    if not (_is_number(value) and low <= value <= high):
        _refuse(transform, name, value, f"a number between {low:g} and {high:g}")


def check_axes(transform: object, name: str) -> None:
    """Refuse a field of a transform that names no axes of the grid.

    Raises:
        InputError: naming the field and its value.
    """
    value = getattr(transform, name)
    if not (isinstance(value, tuple) and set(value) <= {0, 1, 2} and len(set(value)) == len(value)):
        _refuse(transform, name, value, "axes out of 0, 1 and 2, each at most once")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refuse(transform: object, name: str, value: Any, expected: str) -> None:
    where = f"augmentation {type(transform).__name__}, argument {name!r}"
    raise InputError(where, repr(value), expected, "Correct this argument in the plan.")
