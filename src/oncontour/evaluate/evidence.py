"""What is measured of a case that failed, so that a cause can be suggested; and the slice that shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES, LabelScheme, Region
from oncontour.core.overlap import dice
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets.images import read_stored
from oncontour.data.doctor.case import SHOWN, grey
from oncontour.data.doctor.side import foreground, mirrored
from oncontour.data.files import read_json
from oncontour.evaluate.case import Measures, RegionScore, label_maps
from oncontour.evaluate.pairs import QUALITY, Pair, beside
from oncontour.preprocess.resample import resample

FLUID_LABELS: Mapping[str, str] = {"CC": "labelled as cyst", "RC": "labelled as resection cavity"}
"""Labels of fluid, and how a sentence says so."""

FLUID_LOOKS = "dark on T1 and bright on T2, as fluid is"

FLUID_DEVIATIONS = 2.0
"""Robust standard deviations of the head by which fluid is darker than its median on T1, and brighter on T2."""

ROBUST = 1.4826
"""Standard deviations of a normal distribution in one median absolute deviation."""

PICTURES = 2
"""Sequences of a case that are drawn."""


@dataclass(frozen=True)
class Fluid:
    """Share of the tumour core that is, or looks like, fluid.

    Args:
        share: 0 to 1.
        told_by: in words that follow "of the core are".
    """

    share: float
    told_by: str


@dataclass(frozen=True)
class Evidence:
    """What rules look at.

    Args:
        score: of the region that failed.
        mirrored_dice: of the prediction mirrored left to right; NaN where a mask is empty, as are the next two.
        shifted_dice: of the prediction moved until both centroids agree.
        shift_mm: by how far.
        spacing_mm: the largest of the reference's grid.
        fluid: of the reference's core; None where neither a label nor images tell.
        missing: sequences that the case lacks.
    """

    score: RegionScore
    mirrored_dice: float
    shifted_dice: float
    shift_mm: float
    spacing_mm: float
    fluid: Fluid | None
    missing: tuple[Sequence, ...]


@dataclass(frozen=True, eq=False)
class Plane:
    """The axial slice of the largest reference area, or of the largest predicted one where the reference is empty.

    Args:
        images: brightness of each sequence, (i, j) uint8: right and anterior grow; none where none were found.
        reference, predicted: (i, j) masks.
        spacing: mm along i and j.
        height_mm: where it lies, along the world's axis to the head.
    """

    images: Mapping[Sequence, NDArray[np.uint8]]
    reference: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    spacing: tuple[float, float]
    height_mm: float


def gather(
    pair: Pair, score: RegionScore, measures: Measures, usual: Collection[Sequence], picture: bool
) -> tuple[Evidence, Plane | None, str]:
    """Measure a case again, in one region.

    Args:
        pair, score: of the case.
        measures: how it was compared.
        usual: sequences that some case of the data set has.
        picture: whether a slice is wanted.

    Returns:
        The evidence, the slice, and what could not be looked at, in words.

    Raises:
        OncontourError: masks that cannot be read.
    """
    scheme = SCHEMES[measures.scheme]
    found, stored = label_maps(pair, measures)
    region = scheme.region(score.region)
    reference = stored.reoriented("RAS")
    truth = np.isin(reference.array, scheme.values(region))
    pred = np.isin(stored.with_array(found).reoriented("RAS").array, scheme.values(region))
    images, note = _images(pair, reference)
    head = foreground([image.array for image in images.values()])[0] if images else np.ones_like(truth)
    both = truth.any() and pred.any()
    heads = [one for one in (head, np.ones_like(head)) if one.any()]
    shifted, shift_mm = _shifted(pred, truth, reference) if both else (float("nan"), float("nan"))
    evidence = Evidence(
        score,
        max(dice(mirrored(pred, one), truth) for one in heads) if both else float("nan"),
        shifted,
        shift_mm,
        max(reference.grid.spacing),
        _fluid(reference.array, scheme, images, head),
        _missing(pair, usual),
    )
    return evidence, _plane(images, head, truth, pred, reference) if picture else None, note


def _images(pair: Pair, reference: Volume) -> tuple[dict[Sequence, Volume], str]:
    """The images on the reference's grid, those of zeros left out; and why there are none, where that is an error."""
    try:
        read = {sequence: read_stored(file).reoriented("RAS") for sequence, file in pair.images.items()}
    except OncontourError as error:
        return {}, f"The images could not be read: {error}"
    return {
        sequence: volume if volume.grid.same_as(reference.grid) else resample(volume, reference.grid)
        for sequence, volume in read.items()
        if np.isfinite(volume.array).all() and np.ptp(volume.array)
    }, ""


def _shifted(pred: NDArray[np.bool_], truth: NDArray[np.bool_], grid: Volume) -> tuple[float, float]:
    """Dice once both centroids agree to a voxel, and how far the prediction was moved for it, mm."""
    places, count = np.argwhere(pred), int(np.count_nonzero(truth))
    step = np.rint(np.argwhere(truth).mean(axis=0) - places.mean(axis=0)).astype(int)
    moved = places + step
    moved = moved[((moved >= 0) & (moved < pred.shape)).all(axis=1)]
    common = int(np.count_nonzero(truth[tuple(moved.T)]))
    return 2 * common / (len(places) + count), float(np.linalg.norm(grid.affine[:3, :3] @ step))


def _fluid(
    labels: NDArray, scheme: LabelScheme, images: Mapping[Sequence, Volume], head: NDArray[np.bool_]
) -> Fluid | None:
    core = np.isin(labels, scheme.values(_core(scheme)))
    if not core.any():
        return None
    for label in scheme.labels:
        if label.name in FLUID_LABELS:
            return Fluid(float((labels[core] == label.value).mean()), FLUID_LABELS[label.name])
    if Sequence.T1 not in images or Sequence.T2 not in images or not (head & ~core).any():
        return None
    dark, bright = (_deviations(images[sequence].array, core, head) for sequence in (Sequence.T1, Sequence.T2))
    return Fluid(float(((dark <= -FLUID_DEVIATIONS) & (bright >= FLUID_DEVIATIONS)).mean()), FLUID_LOOKS)


def _core(scheme: LabelScheme) -> Region:
    """The tumour core, where the scheme tells it from oedema; else its first region."""
    return next((region for region in scheme.regions if region.name == "TC"), scheme.regions[0])


def _deviations(image: NDArray, where: NDArray[np.bool_], head: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) brightness in robust standard deviations above the head's median."""
    inside = image[head & ~where]
    middle = np.median(inside)
    return (image[where] - middle) / max(ROBUST * float(np.median(np.abs(inside - middle))), 1e-6)


def _missing(pair: Pair, usual: Collection[Sequence]) -> tuple[Sequence, ...]:
    """What the case lacks of what others have, or what its own quality.json says was missing."""
    lacking = {one for one in usual if one not in pair.images} if pair.images else set()
    if pair.prediction is not None and (path := beside(pair.prediction.path, QUALITY)):
        lacking |= _told_missing(path)
    return tuple(sequence for sequence in Sequence if sequence in lacking)


def _told_missing(path: Path) -> set[Sequence]:
    try:
        return {Sequence(one["sequence"]) for one in read_json(path)["missing"]}
    except (KeyError, TypeError, ValueError) as error:
        found = f"a file that cannot be used ({type(error).__name__})"
        raise InputError(path, found, "what `oncontour segment` writes", "Segment the case again.") from error


def _plane(
    images: Mapping[Sequence, Volume],
    head: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    pred: NDArray[np.bool_],
    reference: Volume,
) -> Plane:
    index = int(np.count_nonzero(truth if truth.any() else pred, axis=(0, 1)).argmax())
    shown = [sequence for sequence in SHOWN if sequence in images][:PICTURES]
    i, j, _ = reference.grid.spacing
    return Plane(
        {one: grey(images[one].array[..., index], images[one].array[head]) for one in shown},
        np.ascontiguousarray(truth[..., index]),
        np.ascontiguousarray(pred[..., index]),
        (i, j),
        float(reference.grid.to_world((0, 0, index))[2]),
    )
