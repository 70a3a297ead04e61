"""Nested regions: enhancing tumour lies in the core, the core in the whole tumour."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def clip_nested(regions: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cut every region back to those before it, outermost first: (R, i, j, k) -> (R, i, j, k).

    The outer region decides, as in a cascade that looks for the core only inside the whole tumour (Lotan et al. 2022):
    an "enhancing" vessel outside the tumour disappears instead of becoming tumour.

    >>> clip_nested(np.array([[[[True, True, False]]], [[[True, False, True]]]]))[:, 0, 0].astype(int).tolist()
    [[1, 1, 0], [1, 0, 0]]
    """
    return np.logical_and.accumulate(regions, axis=0)


def is_nested(regions: NDArray[np.bool_]) -> bool:
    """Whether each region (R, i, j, k) lies inside the one before it."""
    return not any(bool((inner & ~outer).any()) for outer, inner in pairwise(regions))
