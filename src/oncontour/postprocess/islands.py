"""Islands: small components beside a large one."""

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
