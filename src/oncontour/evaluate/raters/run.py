"""Readers and models of many cases, from folders of masks to tables: a mask that fails stops none of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.data.parallel import each
from oncontour.evaluate.case import Placing
from oncontour.evaluate.raters.agreement import Band, Cell, Versus, against_references, bands, matrix
from oncontour.evaluate.raters.case import PairScore, Setup, compare_case
from oncontour.evaluate.raters.consensus import Rate
from oncontour.evaluate.raters.sources import Source, find_sources, gather


@dataclass(frozen=True)
class Raters:
    """How experts and models agree.

    Args:
        sources: all of them, experts first.
        cases: with two masks or more.
        scores: of every two sources in every region and case.
        matrix: of these, over cases.
        references: each expert as reference for all others.
        bands: each model against the experts; none without models.
        rates: of every expert, as STAPLE estimates them; none where no consensus was made.
        missing: source -> cases of others that it lacks; they are not counted as empty.
        alone: cases of one source only: not compared.
        failed: case -> source -> why its mask could not be used.
    """

    sources: tuple[Source, ...]
    cases: tuple[str, ...]
    scores: tuple[PairScore, ...]
    matrix: tuple[Cell, ...]
    references: tuple[Versus, ...]
    bands: tuple[Band, ...]
    rates: tuple[Rate, ...]
    missing: Mapping[str, tuple[str, ...]]
    alone: tuple[str, ...]
    failed: Mapping[str, Mapping[str, OncontourError]]

    @property
    def family(self) -> str:
        """What P values of references were adjusted over, in words."""
        experts = sum(source.expert for source in self.sources)
        regions, tests = len({one.region for one in self.matrix}), len(self.references)
        pairs = tests // (regions * experts) if tests else 0
        return f"{tests} tests: {regions} regions, {experts} references, {pairs} pairs of the others"

    @property
    def band_family(self) -> str:
        """The same of bands."""
        models = sum(not source.expert for source in self.sources)
        return f"{len(self.bands)} tests: {len({one.region for one in self.bands})} regions, {models} models"


def raters(
    experts: Mapping[str, Path],
    models: Mapping[str, Path],
    scheme: str,
    *,
    placing: Placing = "refuse",
    consensus: Path | None = None,
    workers: int = 1,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Raters:
    """Compare several experts' and models' masks of the same cases.

    Args:
        experts: name -> where the masks are (`find_masks`), two or more.
        models: the same of models; may be empty.
        scheme: of all label maps.
        placing: what to do with a mask on another grid than that of the case's first.
        consensus: folder for label maps that the experts agree on, `majority/CASE.nii.gz` and `staple/CASE.nii.gz`;
            None for none.
        workers: processes.
        seed: of bootstrap intervals.
        progress: called with cases done, and all.

    Raises:
        InputError: no such scheme, fewer than two experts, no masks, or no case of two sources.
        OutputError: a consensus cannot be written.
    """
    if scheme not in SCHEMES:
        raise InputError("--scheme", repr(scheme), f"one of {', '.join(SCHEMES)}", "Correct the scheme's name.")
    sources = find_sources(experts, models, scheme)
    readings = gather(sources)
    scores: list[PairScore] = []
    rates: list[Rate] = []
    failed: dict[str, Mapping[str, OncontourError]] = {}
    total = len(readings.cases)
    progress(0, total)
    results = each(partial(compare_case, setup=Setup(scheme, sources, placing, consensus)), readings.cases, workers)
    for done, (reading, result) in enumerate(zip(readings.cases, results, strict=True), start=1):
        scores.extend(result.scores)
        rates.extend(result.rates)
        if result.failed:
            failed[reading.case] = result.failed
        progress(done, total)
    return Raters(
        sources=sources,
        cases=tuple(reading.case for reading in readings.cases),
        scores=tuple(scores),
        matrix=matrix(scores),
        references=against_references(scores, sources, seed),
        bands=bands(scores, sources, seed),
        rates=tuple(rates),
        missing=readings.missing,
        alone=readings.alone,
        failed=failed,
    )
