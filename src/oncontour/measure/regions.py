"""Every region of a case, measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.core.errors import GeometryError
from oncontour.core.labels import LabelScheme, Region
from oncontour.core.volume import Volume
from oncontour.measure.certainty import Certainty
from oncontour.measure.diameter import column_ends, longest_diameter_mm
from oncontour.measure.side import Hemisphere, Midplane, hemisphere, mid_sagittal_plane
from oncontour.measure.volume import volume_ml
from oncontour.postprocess.components import label_components

Point = tuple[float, float, float]
"""A place in mm, RAS+."""

COMPONENT_CONNECTIVITY = 26
"""Voxels that share a corner belong to one component, as in the BraTS lesion-wise rules."""


@dataclass(frozen=True)
class RegionMeasurement:
    """What one region measures. Lengths in mm, positions in mm RAS+.

    Args:
        name: the region's short name, such as "WT".
        title: its name in words.
        volume_ml: mL, voxel count times |det affine|.
        share: of the whole tumour's volume (all regions together), 0 to 1; None where there is no tumour.
        components: number of 26-connected components.
        centroid_mm: mean of the voxel centres; None where the region is empty.
        box_mm: (lowest corner, highest corner) along the world's axes of all its voxels, faces included; None if empty.
        longest_mm: longest 3-D diameter of one component, between voxel centres.
        hemisphere: "left", "right" or "both" by the brain's mid-sagittal plane; None if empty or without a brain mask.
        certainty: how sure it is; None where the bundle was not calibrated for the region.
    """

    name: str
    title: str
    volume_ml: float
    share: float | None
    components: int
    centroid_mm: Point | None
    box_mm: tuple[Point, Point] | None
    longest_mm: float
    hemisphere: Hemisphere | None = None
    certainty: Certainty | None = None


def measure_regions(
    regions: Volume, scheme: LabelScheme, brain: Volume | Midplane | None = None
) -> tuple[RegionMeasurement, ...]:
    """Measure each region of a scheme, in the scheme's order.

    Args:
        regions: (R, i, j, k) boolean, in the grid in which the result is given to the reader.
        scheme: names the R regions.
        brain: brain mask (i, j, k) in any grid of the same world, or the plane that halves it; with it, sides are told.

    Raises:
        GeometryError: not one channel for each region.
    """
    masks = regions.array
    if masks.ndim != 4 or len(masks) != len(scheme.regions):
        expected = f"({len(scheme.regions)}, i, j, k), one channel for each region of {scheme.name}"
        raise GeometryError("regions", f"shape {masks.shape}", expected, "Use the scheme of the model.")
    plane = mid_sagittal_plane(brain) if isinstance(brain, Volume) else brain
    whole_ml = volume_ml(masks[0] if scheme.nested else np.any(masks, axis=0), regions.affine)
    return tuple(
        _measure(region, mask.astype(bool, copy=False), regions.affine, whole_ml, plane)
        for region, mask in zip(scheme.regions, masks, strict=True)
    )


def _measure(
    region: Region, mask: NDArray[np.bool_], affine: NDArray[np.float64], whole_ml: float, plane: Midplane | None
) -> RegionMeasurement:
    box = bounding_box(mask)
    if box is None:
        share = 0.0 if whole_ml else None
        return RegionMeasurement(region.name, region.title, 0.0, share, 0, None, None, 0.0)
    inside = mask[box]
    local = affine.copy()  # the affine of the box: all that follows looks no further
    local[:3, 3] += affine[:3, :3] @ [part.start for part in box]
    volume = volume_ml(inside, local)
    _, components = label_components(inside, COMPONENT_CONNECTIVITY)
    return RegionMeasurement(
        name=region.name,
        title=region.title,
        volume_ml=volume,
        share=volume / whole_ml,
        components=components,
        centroid_mm=_centroid(inside, local),
        box_mm=_world_box(inside, local),
        longest_mm=longest_diameter_mm(inside, local, COMPONENT_CONNECTIVITY),
        hemisphere=hemisphere(inside, local, plane) if plane is not None else None,
    )


def _centroid(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> Point:
    """Mean of the voxel centres, through the marginal counts of each axis."""
    total = np.count_nonzero(mask)
    others = ((1, 2), (0, 2), (0, 1))
    index = [
        np.arange(mask.shape[axis]) @ np.count_nonzero(mask, axis=rest) / total for axis, rest in enumerate(others)
    ]
    return _point(affine[:3, :3] @ index + affine[:3, 3])


def _world_box(mask: NDArray[np.bool_], affine: NDArray[np.float64]) -> tuple[Point, Point]:
    """Box along the world's axes: the extreme voxel centres, and half a voxel more on each side."""
    half_mm = np.abs(affine[:3, :3]).sum(axis=1) / 2
    centres = column_ends(mask) @ affine[:3, :3].T + affine[:3, 3]
    return _point(centres.min(axis=0) - half_mm), _point(centres.max(axis=0) + half_mm)


def _point(values: NDArray[np.float64]) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z
