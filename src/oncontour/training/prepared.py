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
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.core.volume import Volume
from oncontour.data.files import explained, write_json
from oncontour.plans.plan import Plan
from oncontour.preprocess.resample import resample

PLACES = 10_000
"""Voxels kept of each region: a training sees fewer patches of one case."""


def targets(plan: Plan) -> Mapping[str, tuple[int, ...]]:
    """What a plan's network learns: name -> the label values that form it, in the order of the channels.

    Sigmoid: the scheme's regions. Softmax: its labels one by one, for which regions may be too coarse (a paediatric
    tumour's cysts are in no region of their own); the background is what they leave.
    """
    scheme = SCHEMES[plan.scheme]
    if plan.training.loss.output == "softmax":
        return {label.name: (label.value,) for label in scheme.labels}
    return {region.name: scheme.values(region) for region in scheme.regions}


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
    label_map: Volume,
    grid: Grid,
    brain: NDArray[np.bool_],
    plan: Plan,
    facts: Mapping[str, Any],
) -> PreparedCase:
    """Write a case: its folder appears whole, or not at all.

    Args:
        folder: of the case; its name is the case's.
        images: (C, i, j, k) on `grid`.
        label_map: of the plan's scheme, on the case's own grid.
        grid: the network's.
        brain: (i, j, k) on `grid`; regions end where it does.
        plan: says what the network learns.
        facts: patient, channels and digest of the sources.
    """
    regions = resampled_targets(label_map, grid, plan) & brain
    scheme = SCHEMES[plan.scheme]
    masks = {name: regions[n] for n, name in enumerate(targets(plan))}
    masks |= {region.name: _union(scheme, region.name, masks, plan) for region in scheme.regions} | {"brain": brain}
    content = {
        **facts,
        "regions": list(targets(plan)),
        "affine": grid.affine.tolist(),
        "spacing_mm": list(grid.spacing),
        "source": {"shape": list(label_map.array.shape), "affine": label_map.affine.tolist()},
        "voxels": {name: int(np.count_nonzero(mask)) for name, mask in masks.items()},
    }
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    with explained(folder):
        part.mkdir(parents=True)
        np.save(part / "images.npy", images.astype(np.float16))
        np.save(part / "regions.npy", regions.astype(np.uint8))
        np.savez(part / "places.npz", **{name: _places(mask) for name, mask in masks.items()})
        write_json(part / "case.json", content)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    return PreparedCase(folder)


def resampled_targets(label_map: Volume, grid: Grid, plan: Plan) -> NDArray[np.bool_]:
    """Boolean targets (R, i, j, k) on another grid, each interpolated and cut at one half.

    Of softmax's labels, which share a voxel out among them, the largest share takes it.
    """
    wanted = targets(plan).values()
    if label_map.grid.same_as(grid):
        return np.stack([np.isin(label_map.array, values) for values in wanted])
    masks = (label_map.with_array(np.isin(label_map.array, values)) for values in wanted)
    if plan.training.loss.output == "sigmoid":
        return np.stack([resample(mask, grid).array for mask in masks])
    shares = np.stack([resample(mask.with_array(mask.array.astype(np.float32)), grid).array for mask in masks])
    background = 1 - shares.sum(0)
    largest = np.where(shares.max(0) > background, shares.argmax(0), len(shares))
    return np.arange(len(shares))[:, None, None, None] == largest


def _union(
    scheme: LabelScheme, region: str, masks: Mapping[str, NDArray[np.bool_]], plan: Plan
) -> NDArray[np.bool_]:
    """A region's mask from the plan's targets."""
    values = set(scheme.values(scheme.region(region)))
    parts = [masks[name] for name, own in targets(plan).items() if set(own) <= values]
    return np.any(parts, axis=0)


def _places(mask: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Up to `PLACES` set voxels, the same ones every time."""
    flat = np.flatnonzero(mask)
    if flat.size > PLACES:
        flat = np.sort(np.random.default_rng(0).choice(flat, PLACES, replace=False))
    return np.stack(np.unravel_index(flat, mask.shape), axis=1).astype(np.int16)


def digest(content: Any) -> str:
    """Digest of what JSON can hold; the same for equal content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def region_masks(case: PreparedCase, names: Sequence[str], plan: Plan) -> NDArray[np.bool_]:
    """Boolean masks (len(names), i, j, k) of a case's regions, whatever its targets are."""
    stored = {name: np.asarray(case.regions[n], bool) for n, name in enumerate(case.facts["regions"])}
    scheme = SCHEMES[plan.scheme]
    return np.stack([stored[name] if name in stored else _union(scheme, name, stored, plan) for name in names])
