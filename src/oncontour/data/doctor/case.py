"""Examine one case: its files, voxels, geometry and labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import OncontourError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import Dataset, DatasetCase
from oncontour.data.datasets.images import read_images, read_label_map
from oncontour.data.doctor.problem import Examined, Problem, Slice
from oncontour.data.doctor.side import foreground, mirrored_doubt

TOLERANCE_MM = 0.5
"""Corners of images and mask may lie this far apart (semantics: registered sequences)."""

ROUNDING_MM = 0.01
"""Below this, headers were rounded; from here to the tolerance a person should know."""

OUTSIDE_SHARE = 0.05
"""Share of labelled voxels outside the head above which a mask is doubtful; eleven real masks have at most 0.002."""

DARK = frozenset({"NCR", "CC", "RC"})
"""Labels that may be dark on FLAIR: necrosis, cysts and cavities."""

SHOWN = (Sequence.FLAIR, Sequence.T1CE, Sequence.T2, Sequence.T1, Sequence.ADC)
"""The first two of these that a case has are drawn: oedema on one, enhancement on the other."""

WINDOW_PERCENTILES = (1.0, 99.5)
"""Brightness within the head that is drawn as black and as white."""


def examine_case(case: DatasetCase, dataset: Dataset) -> Examined:
    """Read a case and check it. What cannot be read is a problem, never an exception."""
    problems: list[Problem] = []
    images = _images(case, problems)
    absent = tuple(one for one, volume in images.items() if dataset.zeros_are_absent and not volume.array.any())
    images = {one: volume for one, volume in images.items() if one not in absent}
    problems.extend(_content(case, images))
    sound = {one: volume for one, volume in images.items() if np.isfinite(volume.array).all() and np.ptp(volume.array)}
    labels = _labels(case, dataset, problems)
    problems.extend(_geometry(case, images, labels))
    first = labels or next(iter(images.values()), None)
    fitting = {one: volume for one, volume in sound.items() if first and volume.grid.same_as(first.grid, TOLERANCE_MM)}
    if labels is not None:
        problems.extend(_mask(case, fitting, labels, SCHEMES[dataset.scheme]))
    return Examined(
        case.name,
        tuple(problems),
        first.grid if first else None,
        {one: _digest(volume) for one, volume in sound.items()},
        absent,
        None if labels is None else _volumes(labels, dataset.scheme),
        _slice(fitting, labels) if fitting else None,
    )


def _wrong(case: DatasetCase, check: str, found: str, expected: str) -> Problem:
    return Problem("wrong", check, (case.name,), found, expected)


def _doubtful(case: DatasetCase, check: str, found: str, expected: str) -> Problem:
    return Problem("doubtful", check, (case.name,), found, expected)


def _images(case: DatasetCase, problems: list[Problem]) -> dict[Sequence, Volume]:
    """The images that can be read; the others become problems."""
    try:
        return read_images(case)
    except OncontourError:
        images = {}
    for sequence, file in case.images.items():  # One by one, so that one damaged file hides no other.
        try:
            images.update(read_images(replace(case, images={sequence: file})))
        except OncontourError as error:
            problems.append(_wrong(case, "files", f"{file.path.name}: {error.found}", error.expected))
    return images


def _content(case: DatasetCase, images: Mapping[Sequence, Volume]) -> Iterator[Problem]:
    for sequence, volume in images.items():
        bad = volume.array.size - int(np.isfinite(volume.array).sum())
        if bad:
            share = 100 * bad / volume.array.size
            yield _wrong(case, "NaN", f"{sequence}: {bad} voxels NaN or infinite ({share:.2g} %)", "finite numbers")
        elif np.ptp(volume.array) == 0:
            found = f"{sequence}: the one value {float(volume.array.flat[0]):g} in every voxel"
            yield _wrong(case, "constant image", found, "an image with contrast")


def _labels(case: DatasetCase, dataset: Dataset, problems: list[Problem]) -> Volume | None:
    if case.mask is None:
        return None
    try:
        return read_label_map(case.mask, dataset)
    except OncontourError as error:
        check = "labels" if "label" in error.found else "files"
        problems.append(_wrong(case, check, f"{case.mask.path.name}: {error.found}", error.expected))
        return None


def _geometry(case: DatasetCase, images: Mapping[Sequence, Volume], labels: Volume | None) -> Iterator[Problem]:
    """Differences from the mask's grid, or from the first image's where there is no mask."""
    named = {**({"mask": labels} if labels else {}), **{str(one): volume for one, volume in images.items()}}
    if not named:
        return
    first, *others = named
    grid = named[first].grid
    for what in others:
        other = named[what].grid
        if other.shape != grid.shape:
            found = f"{what} of {_size(other.shape)} voxels, {first} of {_size(grid.shape)}"
            yield _wrong(case, "geometry", found, "one grid")
            continue
        apart = float(np.linalg.norm(other.corners - grid.corners, axis=1).max())
        if apart > TOLERANCE_MM:
            found = f"{what} and {first} with corners {apart:.2f} mm apart"
            yield _wrong(case, "geometry", found, f"at most {TOLERANCE_MM:g} mm")
        elif apart > ROUNDING_MM:
            found = f"{what} and {first} with corners {apart:.3f} mm apart"
            yield _doubtful(case, "geometry", found, f"at most {ROUNDING_MM:g} mm (wrong above {TOLERANCE_MM:g} mm)")


def _mask(
    case: DatasetCase, images: Mapping[Sequence, Volume], labels: Volume, scheme: LabelScheme
) -> Iterator[Problem]:
    marked = labels.array > 0
    count = int(np.count_nonzero(marked))
    if not count:
        yield _doubtful(case, "empty mask", "no labelled voxel", "a tumour, or a case that is healthy on purpose")
        return
    if not images:
        return
    head, stripped = foreground([volume.array for volume in images.values()])
    outside = int(np.count_nonzero(marked & ~head)) / count
    if stripped and outside > OUTSIDE_SHARE:
        found = f"{100 * outside:.0f} % of the labelled voxels where every image is background"
        yield _doubtful(case, "mask outside the brain", found, f"at most {100 * OUTSIDE_SHARE:.0f} %")
    doubts = {
        sequence: mirrored_doubt(images[sequence], np.isin(labels.array, values), head)
        for sequence, values in _bright(scheme, images)
    }
    sequence, doubt = max(doubts.items(), key=lambda item: item[1] or 0.0, default=(None, None))
    if doubt is not None:
        found = f"{sequence} darker in the mask than in its mirror image, by {doubt:.1f} standard deviations"
        yield _doubtful(case, "left and right", found, "brighter: is the mask, or the image, flipped?")


def _bright(scheme: LabelScheme, images: Mapping[Sequence, Volume]) -> Iterator[tuple[Sequence, tuple[int, ...]]]:
    """Sequences and the labels that are bright on them: oedema and tumour on FLAIR, or on T2; enhancement on T1CE."""
    regions = {region.name: scheme.values(region) for region in scheme.regions}
    dark = {label.value for label in scheme.labels if label.name in DARK}
    for one in (Sequence.FLAIR, Sequence.T2):
        if one in images:
            marked = regions.get("FLAIR", tuple(label.value for label in scheme.labels))
            yield one, tuple(value for value in marked if value not in dark)
            break
    if "ET" in regions and Sequence.T1CE in images:
        yield Sequence.T1CE, regions["ET"]


def _digest(volume: Volume) -> str:
    """Of the voxels in one orientation, so that a copy that is stored otherwise is known again."""
    return hashlib.sha256(np.ascontiguousarray(volume.reoriented("RAS").array).data).hexdigest()


def _volumes(labels: Volume, scheme: str) -> dict[str, float]:
    counts = np.bincount(labels.array.ravel(), minlength=256)
    ml = labels.grid.voxel_volume_mm3 / 1000.0
    return {one.name: float(counts[one.value] * ml) for one in SCHEMES[scheme].labels}


def _slice(images: Mapping[Sequence, Volume], labels: Volume | None) -> Slice:
    shown = {one: images[one].reoriented("RAS") for one in SHOWN if one in images}
    shown = dict(list(shown.items())[:2])
    some = next(iter(shown.values()))
    head, _ = foreground([volume.array for volume in shown.values()])
    array = np.zeros(head.shape, np.uint8) if labels is None else labels.reoriented("RAS").array
    areas = np.count_nonzero(array if array.any() else head, axis=(0, 1))
    index = int(areas.argmax())
    i, j, _ = some.grid.spacing
    return Slice(
        {one: grey(volume.array[..., index], volume.array[head]) for one, volume in shown.items()},
        np.ascontiguousarray(array[..., index]),
        (i, j),
        float(some.grid.to_world((0, 0, index))[2]),
        float(np.count_nonzero(array[..., index]) * i * j),
    )


def grey(plane: NDArray[np.float32], inside: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Brightness of a slice, 0 to 255, as it is drawn: black and white are percentiles of what is inside the head."""
    values = inside if inside.size else plane.ravel()
    low, high = np.percentile(values[:: max(1, values.size // 200_000)], WINDOW_PERCENTILES)
    scaled = (plane - low) / max(float(high - low), 1e-6)
    return np.rint(255 * np.clip(scaled, 0, 1)).astype(np.uint8)


def _size(shape: tuple[int, int, int]) -> str:
    return " x ".join(str(n) for n in shape)
