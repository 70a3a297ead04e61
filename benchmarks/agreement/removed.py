"""Names and behaviour that numpy 2, scipy and pandas took away and that older peers rely on: back, for this process."""

from __future__ import annotations

import sys
from math import isinf
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

_REPLACE = pd.DataFrame.replace


def restore() -> None:
    """Give back what surface-distance 0.1 and the program of BraTS 2023 call; their code runs as it stands."""
    for home, name, value in (
        (np, "Inf", np.inf),
        (np, "NaN", np.nan),
        (ndimage, "filters", sys.modules["scipy.ndimage"]),
        (ndimage, "morphology", sys.modules["scipy.ndimage"]),
        (pd.DataFrame, "append", _append),
    ):
        if not hasattr(home, name):
            setattr(home, name, value)
    pd.DataFrame.replace = _replace  # pyright: ignore[reportAttributeAccessIssue]


def _append(self: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([self, other])


def _replace(self: pd.DataFrame, to_replace: Any = None, value: Any = None, **options: Any) -> pd.DataFrame | None:
    """Infinity is replaced in a table some of whose cells are lists, as pandas 1 did; later ones fail."""
    if not (isinstance(to_replace, float) and isinf(to_replace)):
        return _REPLACE(self, to_replace, value, **options)
    found = self.map(lambda cell: value if isinstance(cell, float) and cell == to_replace else cell)
    if not options.get("inplace"):
        return found
    for name in self.columns:
        self[name] = found[name]
    return None
