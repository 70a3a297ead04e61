"""A second reader of the same case, who disagrees as people do.

Two readers of gliomas reach a Dice near 0.85 for the whole tumour and 0.77 for the core (paper 004, Rahimpour, S4.17).
They set the threshold of oedema differently, wander about a boundary by a millimetre or two, and overlook satellites.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.fields import Array, draw_field
from oncontour.data.phantom.lesion import Part, Parts, bounds

WANDER_MM = 15.0
"""Distance over which a boundary's shift changes."""

SHIFTS_MM = {"edema": (1.0, 1.5), "core": (0.6, 0.8), "enhancing": (0.3, 0.4)}
"""Deviation of each boundary's shift: of the reader as a whole, and from place to place."""

SATELLITE_MM3 = 1000.0
"""Parts smaller than this and apart from the largest are overlooked in the share of cases below."""

OVERLOOKED = 0.5

_DIFFUSE = (Part.EDEMA, Part.INFILTRATION)
_MARGIN_MM = 12.0


def second_reading(parts: Parts, brain: NDArray[np.bool_], seed: int, spacing: float) -> Parts:
    """What another reader draws: (i, j, k) uint8 `Part` values.

    Args:
        parts: the truth.
        brain: nothing is drawn outside it.
        seed: of the reader.
        spacing: mm of a voxel, the same along each axis.
    """
    rng = np.random.default_rng((seed, 2))
    read = np.zeros_like(parts)
    box = bounds(parts > 0, int(np.ceil(_MARGIN_MM / spacing)))
    if box is None:
        return read
    truth = _without_satellites(rng, parts[box], spacing)
    core, enhancing = (truth > 0) & ~np.isin(truth, _DIFFUSE), truth == Part.ENHANCING
    whole = (_inside_mm(truth > 0, spacing) > _shift(rng, truth.shape, "edema", spacing)) & brain[box]
    core = (_inside_mm(core, spacing) > _shift(rng, truth.shape, "core", spacing)) & brain[box]
    enhancing = (_inside_mm(enhancing, spacing) > _shift(rng, truth.shape, "enhancing", spacing)) & core
    solid = [part for part in Part if part not in (Part.NONE, Part.ENHANCING, *_DIFFUSE)]
    drawn = np.zeros_like(truth)
    for mask, members in ((whole, _DIFFUSE), (core, solid), (enhancing, (Part.ENHANCING,))):
        values = _nearest(truth, members)
        if values is not None:
            drawn[mask] = values[mask]
        elif members is solid:  # a core that is all enhancing
            drawn[mask] = Part.ENHANCING if (truth == Part.ENHANCING).any() else 0
    read[box] = drawn
    return read


def _without_satellites(rng: np.random.Generator, truth: Parts, spacing: float) -> Parts:
    import cc3d

    components, count = cc3d.connected_components(truth > 0, connectivity=26, return_N=True)
    sizes = np.bincount(components.ravel(), minlength=count + 1)
    overlooked = (sizes * spacing**3 < SATELLITE_MM3) & (rng.random(count + 1) < OVERLOOKED)
    overlooked[[0, 1 + int(np.argmax(sizes[1:]))]] = False
    return np.where(overlooked[components], 0, truth).astype(np.uint8)


def _shift(rng: np.random.Generator, shape: tuple[int, ...], boundary: str, spacing: float) -> Array:
    overall, local = SHIFTS_MM[boundary]
    waves = max(1.0, max(shape) * spacing / WANDER_MM)
    return draw_field(rng, shape, waves, local).on() + np.float32(rng.normal(0.0, overall))


def _inside_mm(mask: NDArray[np.bool_], spacing: float) -> Array:
    """Signed distance from a mask's border, positive inside."""
    import edt

    if not mask.any():
        return np.full(mask.shape, -np.inf, np.float32)
    step = (spacing,) * 3
    inside, outside = (edt.edt(one, anisotropy=step, black_border=False, parallel=1) for one in (mask, ~mask))
    return np.where(mask, inside - 0.5 * spacing, 0.5 * spacing - outside)


def _nearest(truth: Parts, members: Iterable[Part]) -> Parts | None:
    """For every voxel the nearest of some parts; None where there is none."""
    from scipy import ndimage

    missing = ~np.isin(truth, list(members))
    if missing.all():
        return None
    where = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return truth[tuple(where)]
