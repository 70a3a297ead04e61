"""Metrics that count voxels in common, such as Dice: training watches what evaluation reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from oncontour.core.errors import GeometryError, ImageContentError


@dataclass(frozen=True)
class Overlap:
    """How many voxels a predicted and a reference mask have, and share. All figures lie between 0 and 1.

    Args:
        common: of both.
        pred, ref: of each.
        total: of the image.
    """

    common: int
    pred: int
    ref: int
    total: int

    @property
    def dice(self) -> float:
        """2 |P and R| / (|P| + |R|). Both empty: 1. One empty: 0."""
        return 2 * self.common / (self.pred + self.ref) if self.pred + self.ref else 1.0

    @property
    def jaccard(self) -> float:
        """|P and R| / |P or R|, that is D / (2 - D) of Dice. Both empty: 1. One empty: 0."""
        union = self.pred + self.ref - self.common
        return self.common / union if union else 1.0

    @property
    def sensitivity(self) -> float:
        """Share of the reference that was found, |P and R| / |R|. Both empty: 1. Reference empty, prediction not: 0."""
        return self.common / self.ref if self.ref else float(not self.pred)

    @property
    def precision(self) -> float:
        """Share of the prediction that is right, |P and R| / |P|. Both empty: 1. Prediction empty, reference not: 0."""
        return self.common / self.pred if self.pred else float(not self.ref)

    @property
    def specificity(self) -> float:
        """Share of what is not the reference that was left alone. Reference everywhere: 1.

        Nearly 1 for any tumour in a whole image: it tells the size of the image more than the quality of a mask.
        """
        outside = self.total - self.ref
        return (outside - (self.pred - self.common)) / outside if outside else 1.0


def overlap(pred: ArrayLike, ref: ArrayLike) -> Overlap:
    """Count the voxels of two masks.

    Args:
        pred: predicted mask, boolean (or 0 and 1), any shape.
        ref: reference mask of the same shape.

    Raises:
        GeometryError: the shapes differ.
        ImageContentError: a mask holds other values than 0 and 1.

    >>> overlap([True, True, False], [True, False, False])
    Overlap(common=1, pred=2, ref=1, total=3)
    """
    p, r = as_masks(pred, ref)
    return Overlap(int(np.count_nonzero(p & r)), int(np.count_nonzero(p)), int(np.count_nonzero(r)), p.size)


def dice(pred: ArrayLike, ref: ArrayLike) -> float:
    """Dice coefficient of two masks; arguments and errors as for `overlap`, as are those below.

    >>> dice([True, True, False], [True, False, False])
    0.6666666666666666
    >>> dice([False], [False]), dice([True], [False])
    (1.0, 0.0)
    """
    return overlap(pred, ref).dice


def jaccard(pred: ArrayLike, ref: ArrayLike) -> float:
    """Jaccard index of two masks.

    >>> jaccard([True, True, False], [True, False, False])
    0.5
    """
    return overlap(pred, ref).jaccard


def sensitivity(pred: ArrayLike, ref: ArrayLike) -> float:
    """Share of the reference that was found.

    >>> sensitivity([True, True, False], [True, False, True])
    0.5
    >>> sensitivity([False], [False]), sensitivity([True], [False])
    (1.0, 0.0)
    """
    return overlap(pred, ref).sensitivity


def precision(pred: ArrayLike, ref: ArrayLike) -> float:
    """Share of the prediction that is right.

    >>> precision([True, True, False], [True, False, False])
    0.5
    """
    return overlap(pred, ref).precision


def specificity(pred: ArrayLike, ref: ArrayLike) -> float:
    """Share of what is not the reference that was left alone.

    >>> specificity([True, True, False], [True, False, False])
    0.5
    """
    return overlap(pred, ref).specificity


def as_masks(pred: ArrayLike, ref: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two masks as boolean arrays of one shape; errors as for `overlap`."""
    p, r = _mask(pred, "prediction"), _mask(ref, "reference")
    if p.shape != r.shape:
        found = f"prediction {p.shape}, reference {r.shape}"
        raise GeometryError("metric", found, "masks of one shape", "Resample one mask to the grid of the other.")
    return p, r


def _mask(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    array = np.asarray(values)
    if array.dtype == bool:
        return array
    mask = array.astype(bool)
    if not np.array_equal(array, mask):
        remedy = "Choose a region of the label map first, such as `label_map == 3`."
        raise ImageContentError(name, "values other than 0 and 1", "a boolean mask", remedy)
    return mask
