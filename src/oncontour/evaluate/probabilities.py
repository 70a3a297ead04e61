"""Probability maps beside predicted masks, as nnU-Net writes them (`--save_probabilities`): CASE.npz."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError, InputError
from oncontour.core.labels import SCHEMES
from oncontour.core.overlap import dice
from oncontour.data.nifti import stem
from oncontour.evaluate.case import Measures, label_maps
from oncontour.evaluate.pairs import Pair
from oncontour.evaluate.reliability import Bin, binned

KEY = "probabilities"

LEAST_AGREEMENT = 0.9
"""Dice of a map's voxels of one half and more with the mask beside it; below it the map's channels are others."""


def probability_file(pair: Pair) -> Path | None:
    """The map beside a case's prediction, where there is one."""
    if pair.prediction is None:
        return None
    path = pair.prediction.path.with_name(f"{stem(pair.prediction.path)}.npz")
    return path if path.is_file() else None


def region_bins(pair: Pair, measures: Measures) -> dict[str, tuple[Bin, ...]]:
    """Region -> the image's voxels by their probability.

    Channels are those of labels, the background first, in the order of their values (their probabilities add up in a
    region), or one a region in the scheme's order; their number tells which.

    Raises:
        InputError: a file that is no such map, or one whose channels fit neither.
        GeometryError: a map of another shape than the masks.
    """
    path = probability_file(pair)
    if path is None:
        return {}
    scheme = SCHEMES[measures.scheme]
    found, reference = label_maps(pair, measures)
    chances = _channels(path)
    if chances.shape[1:] != found.shape:
        expected = f"the masks' shape {found.shape}"
        raise GeometryError(path, f"a map of shape {chances.shape[1:]}", expected, "Give masks and maps on one grid.")
    if len(chances) not in (len(scheme.labels) + 1, len(scheme.regions)):
        expected = f"{len(scheme.labels) + 1} (background and labels) or {len(scheme.regions)} (regions)"
        raise InputError(path, f"{len(chances)} channels", expected, "Name the scheme that was trained: --scheme.")
    result = {}
    for n, region in enumerate(scheme.regions):
        values = scheme.values(region)
        by_label = len(chances) == len(scheme.labels) + 1
        chance = np.clip(chances[list(values)].sum(0) if by_label else chances[n], 0, 1)
        _check(path, region.name, chance >= 0.5, np.isin(found, values))
        result[region.name] = binned(chance.ravel(), np.isin(reference.array, values).ravel())
    return result


def _channels(path: Path) -> NDArray[np.float32]:
    """(channels, i, j, k): nnU-Net stores k, j, i."""
    try:
        with np.load(path) as content:
            stored = np.asarray(content[KEY], np.float32)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        found = f"a file that cannot be used ({type(error).__name__})"
        raise InputError(path, found, f"an array {KEY!r}", "Write it again, or remove it.") from error
    if stored.ndim != 4 or not np.isfinite(stored).all():
        raise InputError(path, f"an array of shape {stored.shape}", "finite (channels, k, j, i)", "Write it again.")
    return stored.transpose(0, 3, 2, 1)


def _check(path: Path, region: str, likely: NDArray[np.bool_], mask: NDArray[np.bool_]) -> None:
    agreement = dice(likely, mask)
    if agreement < LEAST_AGREEMENT:
        found = f"{region}: Dice {agreement:.2f} of the voxels of probability 0.5 and more with the mask beside it"
        remedy = "Give masks as the model wrote them, and channels in the scheme's order."
        raise InputError(path, found, f"{LEAST_AGREEMENT} or more", remedy)
