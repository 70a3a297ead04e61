"""An image or a mask and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError
from oncontour.core.grid import Grid
from oncontour.core.orientation import reorient_array


@dataclass(frozen=True, eq=False)
class Volume:
    """An array and its affine.

    Args:
        array: (i, j, k), or (channels, i, j, k).
        affine: (4, 4) matrix from voxel index to RAS+ mm.
    """

    array: NDArray
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.array.ndim not in (3, 4):
            expected = "(i, j, k) or (channels, i, j, k)"
            raise GeometryError("volume", f"array of shape {self.array.shape}", expected, "Give one 3-D image.")
        object.__setattr__(self, "affine", np.array(self.affine, dtype=np.float64))

    @cached_property
    def grid(self) -> Grid:
        """The grid of the three spatial axes."""
        i, j, k = self.array.shape[-3:]
        return Grid((i, j, k), self.affine)

    def with_array(self, array: NDArray) -> Volume:
        """The same place, other voxels."""
        if array.shape[-3:] != self.array.shape[-3:]:
            raise GeometryError(
                "volume", f"array of shape {array.shape}", f"(..., {self.array.shape[-3:]})", "Resample first."
            )
        return Volume(array, self.affine)

    def reoriented(self, codes: str = "RAS") -> Volume:
        """The same voxels at the same places, with axes in the order and direction of `codes`."""
        return Volume(*reorient_array(self.array, self.affine, codes))
