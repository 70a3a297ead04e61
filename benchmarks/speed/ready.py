"""A contender made ready: loaded, and warm from a corner of masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from beside.rival import Work

from speed.contenders import CONTENDERS


def ready(name: str, masks: Path) -> Work:
    """What scores the masks.

    Args:
        name: of `CONTENDERS`.
        masks: file of regions.
    """
    score = CONTENDERS[name][1]()
    with np.load(masks) as stored:
        pred, ref = stored["pred"], stored["ref"]
    block = np.zeros((len(pred), 12, 12, 12), bool)
    block[:, 3:9, 3:9, 3:9] = True
    score(block, block, (1.0, 1.0, 1.0))
    return lambda: {"scores": score(pred, ref, (1.0, 1.0, 1.0))}
