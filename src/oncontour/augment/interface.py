"""What every transform is: numbers, a draw, and a pure application of what was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Params = dict[str, Any]
"""What a transform drew: JSON can hold it, and `apply` needs nothing else."""

Size = tuple[int, int, int]
"""Voxels along each axis."""


class Sample(NamedTuple):
    """One patch, as the network is trained on it.

    Args:
        image: (C, i, j, k) float32; 0 outside the brain, and everywhere where a sequence is absent.
        regions: (R, i, j, k) float32 of 0 and 1.
    """

    image: Tensor
    regions: Tensor


class Transform(Protocol):
    """A frozen dataclass whose fields are its numbers."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Draw what is to be done to an image of this shape (C, i, j, k); noise is drawn as the seed of a generator."""
        ...

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Do what was drawn, on a copy; the same parameters and sample give the same bits."""
        ...
