"""What tells of a result's quality before any reference is seen (`oncontour.measure.predicted_dice`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from oncontour.core.labels import LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.inference.predict import grid_around
from oncontour.inference.variants import kind, variant_probabilities
from oncontour.measure.predicted_dice import Signs, agreement, expected_dice
from oncontour.pipeline.masks import decoded
from oncontour.preprocess.resample import resample_channels
from oncontour.preprocess.run import Prepared


def region_signs(
    bundle: Bundle,
    prepared: Prepared,
    probabilities: Volume,
    volumes_ml: Mapping[str, float],
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[dict[str, Signs], str]:
    """Signs of each region that was found, and the volumes found in variants, in words.

    Everything is compared on the network's grid, where variants are cheap; the conditional random field plays no part.
    A model imported from nnU-Net needs all its sequences and its own steps: it has no variants, and no signs.

    Args:
        probabilities: as `predict` gave them.
        volumes_ml: of the result, by region.
        progress: called with the share of the work done.
    """
    if bundle.steps:
        return {}, "no variants of the images: the model takes nnU-Net's own steps"
    grid = grid_around(prepared.brain, bundle.plan.spacing)
    output = np.stack([np.clip(one, 0, 1) for one in resample_channels(probabilities.array, probabilities.grid, grid)])
    base, _, scheme = decoded(output, bundle, grid.voxel_volume_mm3)
    found = {
        name: decoded(variant.array, bundle, grid.voxel_volume_mm3)[0]
        for name, variant in variant_probabilities(bundle, prepared.normalised, prepared.brain, progress)
    }
    kinds: dict[str, list[NDArray[np.bool_]]] = {}
    for name, masks in found.items():
        kinds.setdefault(kind(name), []).append(masks)
    contrast = Sequence.T1CE in prepared.normalised
    signs = {}
    for n, region in enumerate(scheme.regions):
        expected = expected_dice(base[n], _chance(output, n, scheme, bundle))
        steady = agreement(base[n], [[masks[n] for masks in some] for some in kinds.values()])
        if expected is not None and steady is not None and volumes_ml[region.name]:
            signs[region.name] = Signs(expected, steady, volumes_ml[region.name], contrast)
    ml = grid.voxel_volume_mm3 / 1000
    outer = scheme.regions[0].name
    volumes = [f"{name} {np.count_nonzero(masks[0]) * ml:.1f}" for name, masks in found.items()]
    return signs, f"{outer} in mL by variant: {', '.join(volumes)}"


def _chance(output: NDArray[np.float32], n: int, scheme: LabelScheme, bundle: Bundle) -> NDArray[np.float32]:
    """Probability (i, j, k) of a region: its own channel, or the sum of its labels' where it is a composite."""
    own = len(bundle.scheme.regions)
    if n < own:
        return output[n]
    labels = [own + m for m, label in enumerate(scheme.labels) if label.name in scheme.regions[n].labels]
    return np.clip(output[labels].sum(0), 0, 1)
