"""Blood in a tumour's core, whose look depends on its age.

The five ages, and what each sequence shows: Bradley, MR appearance of hemorrhage in the brain, Radiology 1993.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from oncontour.data.phantom.lesion import CORE, Part, Parts, Seeded, Textures, bounds


class BloodAge(IntEnum):
    """How old blood is, by what has become of its haemoglobin."""

    HYPERACUTE = 0  # hours: oxyhaemoglobin
    ACUTE = 1  # to 2 days: deoxyhaemoglobin
    EARLY_SUBACUTE = 2  # to 7 days: methaemoglobin within the cells
    LATE_SUBACUTE = 3  # to a month: methaemoglobin outside them
    CHRONIC = 4  # haemosiderin


SHARE = (0.05, 0.6)
"""Range of the share of the core that is blood."""


def bleed(rng: np.random.Generator, parts: Parts, seeded: Seeded, textures: Textures) -> None:
    """Put blood into a core, in place: a clot, streaks, or sediment at the back of what is fluid."""
    core, share = np.isin(parts, CORE), rng.uniform(*SHARE)
    kind = rng.random()
    fluid = (parts == Part.NECROSIS) | (parts == Part.CYST)
    box = bounds(fluid, 0)
    if kind < 0.25 and box is not None:
        level = box[1].start + share * (box[1].stop - box[1].start)
        parts[fluid & (np.arange(parts.shape[1])[:, None] < level)] = Part.HAEMORRHAGE
        return
    if not core.any():
        return
    field = textures.coarse + 0.3 * textures.middle - seeded.depth if kind < 0.7 else textures.middle + textures.fine
    parts[core & (field > np.quantile(field[core], 1 - share))] = Part.HAEMORRHAGE
