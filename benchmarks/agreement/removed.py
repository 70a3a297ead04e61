"""Names that numpy 2, scipy and pandas 2 took away and that older peers call: given back, for this process."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy import ndimage


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


def _append(self: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([self, other])
