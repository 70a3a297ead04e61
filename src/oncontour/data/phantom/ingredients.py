"""What a case may have, each under a name, so that a cohort can be made without it and models be compared.

Every ingredient draws from a stream of its own. A case that lacks it is the same, voxel by voxel, with or without it; a
case that has it keeps all else that was drawn: place, contrast, noise.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Ingredient(StrEnum):
    """Names of the ingredients."""

    PHYSICS = "physics"
    BOUNDED = "bounded"
    HAEMORRHAGE = "haemorrhage"
    CALCIFICATION = "calcification"
    SEPTA = "septa"
    DIFFUSE = "diffuse"
    SHIFT = "shift"
    SPREAD = "spread"
    FAINT = "faint"
    CORTEX = "cortex"
    VENTRICLE = "ventricle"
    MOTION = "motion"
    RINGING = "ringing"
    FOLIA = "folia"


@dataclass(frozen=True)
class Ingredients:
    """The ingredients of one case.

    Args:
        seed: of the case.
        without: those that no case has.
    """

    seed: int
    without: tuple[Ingredient, ...] = ()

    def drawn(self, ingredient: Ingredient, share: float, *key: int) -> np.random.Generator | None:
        """The ingredient's stream where this case has it, else None.

        Args:
            share: of cases that have it.
            key: tells apart several draws of one ingredient, as one an image.

        >>> case = Ingredients(7, without=(Ingredient.MOTION,))
        >>> case.drawn(Ingredient.MOTION, 1.0) is None, case.drawn(Ingredient.SEPTA, 0.0) is None
        (True, True)
        >>> case.drawn(Ingredient.SEPTA, 1.0).random() == Ingredients(7).drawn(Ingredient.SEPTA, 1.0).random()
        True
        """
        if ingredient in self.without:
            return None
        rng = np.random.default_rng((self.seed, zlib.crc32(ingredient.encode()), *key))
        return rng if rng.random() < share else None
