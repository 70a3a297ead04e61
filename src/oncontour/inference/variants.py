"""What a model finds in variants of a study: mirrored, brighter, darker, without one of its sequences.

A result that changes with what should not change it is not to be trusted. Variants are made on the network's own grid
and run without mirrored views, so each costs one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Listed

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import SUFFICIENT, Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.inference.predict import network_input

GAMMAS = {"darker": 1.25, "brighter": 0.8}
"""Exponents for intensities scaled to 0..1: changes that a reader would hardly notice, well inside those of training
(`augment.gamma`: 0.7 to 1.5)."""

WITHOUT = "without"
"""The kind of variants that lack a sequence; of any other kind there is one."""

LEAST_SEQUENCES = 2
"""A study keeps at least so many, so that it stays a study of several contrasts."""


def variant_probabilities(
    bundle: Bundle,
    images: Mapping[Sequence, Volume],
    brain: Volume,
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[tuple[str, Volume]]:
    """Name and probabilities (R or R + L, i, j, k) of each variant, on the network's grid.

    Args:
        images, brain: as for `oncontour.inference.predict.predict`.
        progress: called with the share of the work done.
    """
    stack = network_input(bundle, images, brain)
    shown = [sequence in images for sequence in bundle.plan.channels]
    changed = list(_variants(stack.array, bundle.plan.channels, shown))
    for done, (name, image, mirrored) in enumerate(changed, start=1):
        found = bundle.probabilities(image, mirrored=False)
        yield name, stack.with_array(_mirror(found) if mirrored else found)
        progress(done / len(changed))


def kind(name: str) -> str:
    """Of a variant, by its name.

    >>> kind("without T2"), kind("mirrored")
    ('without', 'mirrored')
    """
    return WITHOUT if name.startswith(f"{WITHOUT} ") else name


def _variants(
    stack: NDArray[np.float32], channels: Listed[Sequence], shown: Listed[bool]
) -> Iterator[tuple[str, NDArray[np.float32], bool]]:
    """Name, image (C, i, j, k), and whether its left is the patient's right."""
    yield "as it is", stack, False
    yield "mirrored", _mirror(stack), True
    there = [n for n, one in enumerate(shown) if one]
    for name, gamma in GAMMAS.items():
        image = stack.copy()
        for n in there:
            image[n] = _with_gamma(stack[n], gamma)
        yield name, image, False
    for n in there:
        rest = {channels[other] for other in there if other != n}
        if len(rest) >= LEAST_SEQUENCES and rest & set(SUFFICIENT):
            image = stack.copy()
            image[n] = 0.0
            yield f"{WITHOUT} {channels[n]}", image, False


def _mirror(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left for right: the first spatial axis of the network's grid is the patient's."""
    return np.ascontiguousarray(array[:, ::-1])


def _with_gamma(image: NDArray[np.float32], gamma: float) -> NDArray[np.float32]:
    """A power of an image's own range, over what is not 0; its mean and standard deviation stay."""
    inside = image != 0
    values = image[inside].astype(np.float64)
    if not values.size or values.min() == values.max():
        return image
    scaled = ((values - values.min()) / (values.max() - values.min())) ** gamma
    changed = np.zeros_like(image)
    changed[inside] = (scaled - scaled.mean()) / scaled.std() * values.std() + values.mean()
    return changed
