"""One case as several sources drew it: Dice of every two, and what the experts agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from oncontour.core.errors import OncontourError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.core.overlap import overlap
from oncontour.core.volume import Volume
from oncontour.data.files import explained
from oncontour.data.nifti import write_nifti
from oncontour.evaluate.case import Placing, placed, read_labels
from oncontour.evaluate.raters.consensus import Rate, majority, staple
from oncontour.evaluate.raters.sources import Reading, Source


@dataclass(frozen=True)
class PairScore:
    """Two sources in one region of one case; the columns of `pairs.csv`.

    Args:
        case, region, first, second: names.
        kind: "experts", "expert and model", or "models".
        dice: of the two, the same either way round. Both empty 1, one empty 0.
        volume_first_ml, volume_second_ml: of both masks.
    """

    case: str
    region: str
    first: str
    second: str
    kind: str
    dice: float
    volume_first_ml: float
    volume_second_ml: float


@dataclass(frozen=True)
class Setup:
    """How cases are compared.

    Args:
        scheme: name of the label scheme.
        sources: of all cases.
        placing: what to do with a mask on another grid than that of the case's first.
        consensus: folder for the experts' consensus; None where it is not wanted.
    """

    scheme: str
    sources: tuple[Source, ...]
    placing: Placing = "refuse"
    consensus: Path | None = None


@dataclass(frozen=True)
class CaseResult:
    """What a case gave.

    Args:
        scores: of every two sources in every region.
        rates: of every expert in every region, as STAPLE estimates them; none where no consensus was made.
        failed: source -> why its mask could not be used; the others were compared without it.
    """

    scores: tuple[PairScore, ...]
    rates: tuple[Rate, ...]
    failed: Mapping[str, OncontourError]


def compare_case(reading: Reading, setup: Setup) -> CaseResult:
    """Compare every two masks of a case, and make the experts' consensus where it is wanted.

    Raises:
        OutputError: a consensus cannot be written.
    """
    maps, failed = _read(reading, setup)
    scores = _scores(reading.case, maps, setup)
    own = {source.name: maps[source.name] for source in setup.sources if source.expert and source.name in maps}
    rates: tuple[Rate, ...] = ()
    if setup.consensus is not None and len(own) > 1:
        rates = _write_consensus(reading.case, own, SCHEMES[setup.scheme], setup.consensus)
    return CaseResult(scores, rates, failed)


def _read(reading: Reading, setup: Setup) -> tuple[dict[str, Volume], dict[str, OncontourError]]:
    """Label maps on the grid of the first that can be read, and what could not be used."""
    maps: dict[str, Volume] = {}
    failed: dict[str, OncontourError] = {}
    for source in setup.sources:
        file = reading.files.get(source.name)
        if file is None:
            continue
        try:
            found = read_labels(file, source.masks.conventions, setup.scheme)
            grid = next(iter(maps.values())).grid if maps else found.grid
            maps[source.name] = placed(found, grid, setup.placing, str(file.path))
        except OncontourError as error:
            failed[source.name] = error
    return maps, failed


def _scores(case: str, maps: Mapping[str, Volume], setup: Setup) -> tuple[PairScore, ...]:
    if len(maps) < 2:
        return ()
    scheme = SCHEMES[setup.scheme]
    experts = {source.name for source in setup.sources if source.expert}
    millilitres = next(iter(maps.values())).grid.voxel_volume_mm3 / 1000.0
    scores = []
    for region in scheme.all_regions:
        masks = {name: np.isin(one.array, scheme.values(region)) for name, one in maps.items()}
        for first, second in combinations(masks, 2):
            shared = overlap(masks[first], masks[second])
            kind = KINDS[(first in experts) + (second in experts)]
            volumes = shared.pred * millilitres, shared.ref * millilitres
            scores.append(PairScore(case, region.name, first, second, kind, shared.dice, *volumes))
    return tuple(scores)


KINDS = ("models", "expert and model", "experts")
"""What a pair is, by how many of the two are experts."""


def _write_consensus(case: str, maps: Mapping[str, Volume], scheme: LabelScheme, folder: Path) -> tuple[Rate, ...]:
    grid = next(iter(maps.values())).grid
    arrays = {name: one.array for name, one in maps.items()}
    estimated, rates = staple(case, arrays, scheme)
    for method, label_map in (("majority", majority(arrays, scheme)), ("staple", estimated)):
        path = folder / method / f"{case}.nii.gz"
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_nifti(Volume(label_map, grid.affine), path, "uint8")
    return rates
