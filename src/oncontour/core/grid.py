"""A voxel grid in the world: shape and affine, in NIfTI's RAS+ millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.errors import GeometryError

MINIMUM_SPACING_MM = 0.01
"""Below a hundredth of a millimetre an affine is in the wrong unit (metres), not a fine scan."""

MAXIMUM_SPACING_MM = 30.0
"""Above 30 mm a voxel no longer resolves any brain structure: wrong unit or a damaged header."""

MAXIMUM_OFFSET_MM = 10_000.0
"""No scanner's bore puts a voxel 10 m from its isocentre."""

SAME_GRID_TOLERANCE_MM = 1e-2
"""Two grids are one when no corner differs by more; header text holds about 1e-4 mm, float32 about 1e-5."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A 3-D voxel grid: voxel index (i, j, k) -> world position in mm, RAS+.

    Args:
        shape: number of voxels along i, j, k.
        affine: (4, 4) matrix from voxel index (voxel centres at integers) to RAS+ mm.

    >>> grid = Grid((4, 5, 6), np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> grid.spacing
    (1.0, 1.0, 2.0)
    >>> grid.voxel_volume_mm3
    2.0
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        affine = np.array(self.affine, dtype=np.float64)
        if len(shape) != 3 or min(shape) < 1:
            raise GeometryError("grid", f"shape {shape}", "three positive numbers of voxels", "Give one 3-D volume.")
        if affine.shape != (4, 4):
            raise GeometryError("grid", f"affine of shape {affine.shape}", "(4, 4)", "Give one homogeneous matrix.")
        affine.setflags(write=False)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "affine", affine)

    @cached_property
    def spacing(self) -> tuple[float, float, float]:
        """Distance in mm between neighbouring voxel centres along i, j, k."""
        a, b, c = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(a), float(b), float(c)

    @cached_property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel: |det|, which stays right under shear (semantics: geometry and volume)."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """(4, 4) matrix from RAS+ mm to voxel index."""
        return np.asarray(np.linalg.inv(self.affine), dtype=np.float64)

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """(8, 3) world positions in mm of the centres of the eight corner voxels."""
        last = np.array(self.shape) - 1
        return self.to_world(np.array([[(n >> axis & 1) * last[axis] for axis in range(3)] for n in range(8)]))

    @cached_property
    def axis_codes(self) -> str:
        """Anatomical direction of each growing index, such as "RAS" or "LPI".

        >>> Grid((2, 2, 2), np.diag([-1.0, -1.0, 3.0, 1.0])).axis_codes
        'LPS'
        """
        from oncontour.core.orientation import axis_codes

        return axis_codes(self.affine)

    def to_world(self, index: ArrayLike) -> NDArray[np.float64]:
        """World positions (..., 3) in mm of voxel indices (..., 3), which may be fractions."""
        return np.asarray(index, dtype=np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, world: ArrayLike) -> NDArray[np.float64]:
        """Voxel indices (..., 3), fractions kept, of world positions (..., 3) in mm."""
        return np.asarray(world, dtype=np.float64) @ self.inverse[:3, :3].T + self.inverse[:3, 3]

    def same_as(self, other: Grid, tolerance_mm: float = SAME_GRID_TOLERANCE_MM) -> bool:
        """Whether both grids have the same voxels at the same places."""
        return self.shape == other.shape and bool(np.abs(self.corners - other.corners).max() <= tolerance_mm)


def check_affine(affine: NDArray[np.float64], where: str) -> None:
    """Refuse an affine that no scanner can have made.

    Raises:
        GeometryError: not finite, singular, or with spacing or offset outside any scanner's range.
    """
    remedy = "Convert the study from DICOM again, or correct the header."
    if not np.isfinite(affine).all():
        raise GeometryError(where, "an affine that is not finite", "finite numbers", remedy)
    columns = affine[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    shown = " x ".join(f"{value:.4g}" for value in spacing)
    if spacing.min() < MINIMUM_SPACING_MM or spacing.max() > MAXIMUM_SPACING_MM:
        expected = f"{MINIMUM_SPACING_MM} to {MAXIMUM_SPACING_MM:g} mm an axis"
        raise GeometryError(where, f"voxel spacing {shown} mm", expected, remedy)
    if abs(np.linalg.det(columns / spacing)) < 0.1:
        raise GeometryError(where, "a (nearly) singular affine", "three independent axes", remedy)
    if np.abs(affine[:3, 3]).max() > MAXIMUM_OFFSET_MM:
        found = f"an origin {np.abs(affine[:3, 3]).max():.4g} mm from the isocentre"
        raise GeometryError(where, found, f"at most {MAXIMUM_OFFSET_MM:g} mm", remedy)
