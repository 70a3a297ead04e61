"""Small, faint lesions: what a model must see too, but seldom meets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from oncontour.data.phantom.grow import Habit
from oncontour.data.phantom.lesion import Focus

RADIUS_MM = (3.0, 8.0)
CONTRAST = (0.4, 0.8)
"""Range of the share that is left of a tumour's contrast, on every sequence."""


def made_small(rng: np.random.Generator, foci: tuple[Focus, ...], habit: Habit) -> tuple[tuple[Focus, ...], Habit]:
    """Foci and habit of a small lesion; every second one lies in oedema no longer, if it did."""
    radius = rng.uniform(*RADIUS_MM)
    share = radius / foci[0].radius_mm
    smaller = tuple(replace(one, radius_mm=max(RADIUS_MM[0], one.radius_mm * share)) for one in foci)
    return smaller, replace(habit, edema=habit.edema and bool(rng.random() < 0.5))


def contrast_left(rng: np.random.Generator) -> float:
    """The share of its contrast that such a lesion keeps."""
    return rng.uniform(*CONTRAST)
