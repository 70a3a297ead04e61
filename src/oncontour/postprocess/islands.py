"""Islands: components that are small beside a large one, or that nothing speaks for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.postprocess.components import Connectivity, component_sizes, label_components


def drop_islands(mask: NDArray[np.bool_], share: float, connectivity: Connectivity = 26) -> NDArray[np.bool_]:
    """Keep the components of more than `share` of the largest one (Lotan et al. 2022: one tenth).

    Args:
        mask: (i, j, k).
        share: 0 to 1; 0 keeps everything.
        connectivity: 6, 18 or 26.

    >>> mask = np.zeros((1, 1, 14), dtype=bool)
    >>> mask[..., :10] = mask[..., 11] = True
    >>> int(drop_islands(mask, 0.1).sum()), int(drop_islands(mask, 0.09).sum())
    (10, 11)
    """
    if share <= 0 or not mask.any():
        return mask.copy()
    labels, count = label_components(mask, connectivity)
    if count == 1:
        return mask.copy()
    sizes = component_sizes(labels)
    sizes[0] = 0
    return (sizes > share * sizes.max())[labels]


def with_seed(mask: NDArray[np.bool_], seed: NDArray[np.bool_], connectivity: Connectivity = 26) -> NDArray[np.bool_]:
    """Keep the components that hold a seed.

    Args:
        mask, seed: (i, j, k).
        connectivity: 6, 18 or 26.

    >>> mask, seed = np.zeros((2, 1, 1, 9), dtype=bool)
    >>> mask[..., :3] = mask[..., 5:7] = seed[..., 6] = True
    >>> with_seed(mask, seed).astype(int)[0, 0].tolist()
    [0, 0, 0, 0, 0, 1, 1, 0, 0]
    """
    if not (mask & seed).any():
        return np.zeros_like(mask)
    labels, count = label_components(mask, connectivity)
    kept = np.zeros(count + 1, bool)
    kept[labels[mask & seed]] = True
    return kept[labels]
