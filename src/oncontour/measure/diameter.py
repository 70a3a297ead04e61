"""The longest diameter of a mask in three dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box
from oncontour.postprocess.components import Connectivity, component_boxes, label_components

DIRECT_POINTS = 400
"""Up to so many points, all pairs are compared; a convex hull pays off only above."""


def longest_diameter_mm(mask: NDArray[np.bool_], affine: NDArray[np.float64], connectivity: Connectivity = 26) -> float:
    """Longest distance in mm between two voxel centres of one component of a mask (i, j, k); 0 where it is empty.

    Exact: the ends of a longest line are corners of the convex hull. Foci that do not touch are not joined: the
    largest of their diameters counts. The line may leave the mask (a crescent is as long as its chord).

    >>> longest_diameter_mm(np.ones((4, 1, 1), dtype=bool), np.diag([1.0, 1.0, 5.0, 1.0]))
    3.0
    """
    box = bounding_box(mask)
    if box is None:
        return 0.0
    labels, _ = label_components(mask[box], connectivity)
    boxes = component_boxes(labels)
    matrix = np.asarray(affine, dtype=np.float64)[:3, :3]
    steps = np.linalg.norm(matrix, axis=0)
    spans = [sum((part.stop - part.start - 1) * step for part, step in zip(box, steps, strict=True)) for box in boxes]
    longest = 0.0
    for n in np.argsort(spans)[::-1]:
        if spans[n] <= longest:  # an upper bound, and the next ones are smaller
            break
        points = column_ends(labels[boxes[n]] == n + 1)
        longest = max(longest, _farthest(_hull(points) @ matrix.T))
    return longest


def column_ends(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Indices (n, 3) of the first and last set voxel of every column along k.

    The mask's extremes along any direction, all corners of its convex hull, are among them.
    """
    i, j = np.nonzero(mask.any(axis=2))
    columns = mask[i, j]
    first = columns.argmax(axis=1)
    last = columns.shape[1] - 1 - columns[:, ::-1].argmax(axis=1)
    ends = np.concatenate([np.stack([i, j, first], axis=1), np.stack([i, j, last], axis=1)])
    return np.unique(ends, axis=0)


def _hull(points: NDArray[np.int64]) -> NDArray[np.int64]:
    """Corners of the convex hull, also of points that lie in one plane or on one line."""
    if len(points) <= DIRECT_POINTS:
        return points
    from scipy.spatial import ConvexHull

    centred = points - points.mean(axis=0)
    _, strengths, directions = np.linalg.svd(centred, full_matrices=False)
    rank = int((strengths > strengths[0] * 1e-9).sum())
    flat = centred @ directions[:rank].T
    if rank == 1:
        return points[[flat[:, 0].argmin(), flat[:, 0].argmax()]]
    return points[ConvexHull(points if rank == 3 else flat).vertices]


def _farthest(points: NDArray[np.float64]) -> float:
    from scipy.spatial.distance import pdist

    return float(pdist(points).max()) if len(points) > 1 else 0.0
