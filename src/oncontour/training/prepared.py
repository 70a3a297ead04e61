"""A prepared case: one folder, whose arrays are mapped into memory rather than read, so that a patch costs a patch.

images.npy    float16 (C, i, j, k): normalised over the brain, 0 outside it; a sequence that is absent is all 0
regions.npy   uint8 0 or 1 (R, i, j, k): what the network learns, see `targets`
places.npz    for each region, and "brain": up to `PLACES` voxels (n, 3) int16 around which to take patches
case.json     patient, channels, names of the regions, where the grid lies, counts, digest of the sources
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.core.grid import Grid
from oncontour.core.labels import SCHEMES
from oncontour.core.volume import Volume
from oncontour.data.files import explained, write_json
from oncontour.plans.plan import Plan
from oncontour.preprocess.resample import resample

PLACES = 10_000
"""Voxels kept of each region: a training sees fewer patches of one case."""


def targets(plan: Plan) -> Mapping[str, tuple[int, ...]]:
    """What a plan's network learns: name -> the label values that form it, in the order of the channels.

    Sigmoid: the scheme's regions. Softmax: its labels one by one, for which regions may be too coarse (a paediatric
    tumour's cysts are in no region of their own); the background is what they leave. A cascade's stages each seek a
    region, whatever their output. Of several raters the targets of the first, then those of the second.
    """
    once = _targets_once(plan)
    return {f"{name} {rater}": values for rater in plan.raters for name, values in once.items()} or once


def _targets_once(plan: Plan) -> Mapping[str, tuple[int, ...]]:
    """The targets of one expert."""
    scheme = SCHEMES[plan.scheme]
    if plan.training.loss.output == "softmax" and not plan.stages:
        return {label.name: (label.value,) for label in scheme.labels}
    return {region.name: scheme.values(region) for region in scheme.regions}


def members(plan: Plan) -> Mapping[str, tuple[int, ...]]:
    """Of each of the scheme's regions, the targets that form it together; of several raters each region of each."""
    scheme, learnt = SCHEMES[plan.scheme], targets(plan)
    if plan.raters or list(learnt) == [region.name for region in scheme.regions]:
        return {name: (n,) for n, name in enumerate(learnt)}
    return {
        region.name: tuple(n for n, values in enumerate(learnt.values()) if set(values) <= set(scheme.values(region)))
        for region in scheme.regions
    }


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """A prepared case on disk; arrays are mapped when first asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.folder.name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """What `case.json` holds."""
        return json.loads((self.folder / "case.json").read_text("utf-8"))

    @property
    def patient(self) -> str:
        """Whose case it is; folds are split by patient."""
        return str(self.facts["patient"])

    @cached_property
    def images(self) -> NDArray[np.float16]:
        """(C, i, j, k)."""
        return self._mapped("images.npy")

    @cached_property
    def regions(self) -> NDArray[np.uint8]:
        """(R, i, j, k) of 0 and 1."""
        return self._mapped("regions.npy")

    @cached_property
    def places(self) -> Mapping[str, NDArray[np.int16]]:
        """Voxels (n, 3) by the name of the region, or "brain"; (0, 3) for a region that the case lacks."""
        with np.load(self.folder / "places.npz") as content:
            return dict(content)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along each axis."""
        i, j, k = self.images.shape[1:]
        return i, j, k

    @property
    def grid(self) -> Grid:
        """Where the arrays lie."""
        return Grid(self.shape, np.array(self.facts["affine"]))

    @property
    def source(self) -> Grid:
        """The grid of the case's own label map."""
        source = self.facts["source"]
        return Grid(tuple(source["shape"]), np.array(source["affine"]))

    def _mapped(self, name: str) -> NDArray:
        try:
            return np.load(self.folder / name, mmap_mode="r")
        except (OSError, ValueError) as error:
            found = f"a damaged or missing file ({type(error).__name__})"
            remedy = "Remove this case's folder; the next run prepares it again."
            raise InputError(self.folder / name, found, "a prepared case", remedy) from error


def write_prepared(
    folder: Path,
    images: NDArray[np.float32],
    label_maps: Sequence[Volume],
    grid: Grid,
    brain: NDArray[np.bool_],
    plan: Plan,
    facts: Mapping[str, Any],
) -> PreparedCase:
    """Write a case: its folder appears whole, or not at all.

    Args:
        folder: of the case; its name is the case's.
        images: (C, i, j, k) on `grid`.
        label_maps: of the plan's scheme, on the case's own grid: one, or one of each rater.
        grid: the network's.
        brain: (i, j, k) on `grid`; regions end where it does.
        plan: says what the network learns.
        facts: patient, channels and digest of the sources.
    """
    regions = np.concatenate([resampled_targets(one, grid, plan) for one in label_maps]) & brain
    masks = dict(zip(targets(plan), regions, strict=True))
    masks |= {name: regions[list(own)].any(0) for name, own in members(plan).items()} | {"brain": brain}
    content = {
        **facts,
        "regions": list(targets(plan)),
        "affine": grid.affine.tolist(),
        "spacing_mm": list(grid.spacing),
        "source": {"shape": list(label_maps[0].array.shape), "affine": label_maps[0].affine.tolist()},
        "voxels": {name: int(np.count_nonzero(mask)) for name, mask in masks.items()},
    }
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    with explained(folder):
        part.mkdir(parents=True)
        np.save(part / "images.npy", images.astype(np.float16))
        np.save(part / "regions.npy", regions.astype(np.uint8))
        places: dict[str, Any] = {name: _places(mask) for name, mask in masks.items()}
        np.savez(part / "places.npz", **places)
        write_json(part / "case.json", content)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    return PreparedCase(folder)


def resampled_targets(label_map: Volume, grid: Grid, plan: Plan) -> NDArray[np.bool_]:
    """Boolean targets (R, i, j, k) of one label map on another grid, each interpolated and cut at one half.

    Where no two targets overlap they share each voxel out among them and the background: the largest share takes it.
    """
    wanted = _targets_once(plan)
    masks = [label_map.with_array(np.isin(label_map.array, values)) for values in wanted.values()]
    exclusive = sum(len(values) for values in wanted.values()) == len(set().union(*wanted.values()))
    if not exclusive:
        return np.stack([resample(mask, grid).array for mask in masks])
    shares = np.stack([resample(mask.with_array(mask.array.astype(np.float32)), grid).array for mask in masks])
    background = 1 - shares.sum(0)
    largest = np.where(shares.max(0) > background, shares.argmax(0), len(shares))
    return np.arange(len(shares))[:, None, None, None] == largest


def _places(mask: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Up to `PLACES` set voxels, the same ones every time."""
    flat = np.flatnonzero(mask)
    if flat.size > PLACES:
        flat = np.sort(np.random.default_rng(0).choice(flat, PLACES, replace=False))
    return np.stack(np.unravel_index(flat, mask.shape), axis=1).astype(np.int16)


def digest(content: Any) -> str:
    """Digest of what JSON can hold; the same for equal content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
