"""Tumours that grow along a tract: over the corpus callosum to the other side, or within brainstem and cerebellum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.anatomy import INFRATENTORIAL, WHITE_MATTER, among
from oncontour.data.phantom.deform import Deformation
from oncontour.data.phantom.lesion import Focus
from oncontour.data.phantom.sites import Sites
from oncontour.data.phantom.tracts import Travel

BUTTERFLY = 0.65
"""Share that crosses the corpus callosum; the others lie in brainstem and cerebellum."""

NEAR_MIDLINE_MM = (8.0, 24.0)
"""Range of the distance from the midline at which a butterfly starts and ends."""

LARGEST_MM = 20.0
"""Of the first focus's radius."""

FURTHEST_MM = 90.0
"""Of white matter, from start to end."""


def moved_to_tract(rng: np.random.Generator, sites: Sites, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place nearest to a start from which a tumour can follow a tract: beside the corpus callosum, or below."""
    below, white = among(sites.tissues, INFRATENTORIAL), among(sites.tissues, WHITE_MATTER)
    if below[sites.coarse(start)]:
        return start
    if rng.random() < BUTTERFLY:
        side = np.abs(sites.lateral_mm)
        beside = (side > NEAR_MIDLINE_MM[0]) & (side < NEAR_MIDLINE_MM[1]) & (sites.depth > 20)
        return sites.nearest(rng, white & ~below & beside, start)
    return sites.anywhere(rng, below & (sites.depth > 5))


def strand(
    rng: np.random.Generator, sites: Sites, ways: Travel, focus: Focus, deformation: Deformation
) -> tuple[Focus, ...]:
    """Lobes along the way to a second place; none where no tract leads far enough.

    Args:
        sites: of the head as deformed by the tumour.
        ways: from the focus.
    """
    below, white = among(sites.tissues, INFRATENTORIAL), among(sites.tissues, WHITE_MATTER)
    far = ways.distance_mm
    if below[sites.coarse(focus.centre)]:
        ends = below & (far > 15) & (far < 45)
    else:
        side = np.sign(deformation.lateral_mm(focus.centre))
        across = -side * sites.lateral_mm
        ends = white & ~below & (across > NEAR_MIDLINE_MM[0]) & (across < NEAR_MIDLINE_MM[1]) & (far < FURTHEST_MM)
    ends = np.flatnonzero(ends)
    if not ends.size:
        return ()
    weight = np.exp(-far.ravel()[ends] / 8)
    way = ways.way(int(rng.choice(ends, p=weight / weight.sum())))
    waist, last = focus.radius_mm * rng.uniform(0.4, 0.7), focus.radius_mm * rng.uniform(0.5, 1.0)
    walked = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    stops = np.linspace(0, walked[-1], max(2, round(walked[-1] * deformation.spacing_mm / (0.7 * waist))))[1:]
    lobes = []
    for stop in stops:
        centre = np.array([np.interp(stop, walked, way[:, n]) for n in range(3)])
        share = stop / walked[-1]
        size = waist + (last - waist) * share**3
        lobes.append(Focus(centre, size * rng.uniform(0.85, 1.15)))
    return tuple(lobes)
