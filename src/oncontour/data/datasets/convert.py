"""A data set of one layout becomes one of another: voxels, places, labels, patients and columns as they were.

    OUT/conversion.json    what is converted to what; the same command again goes on where it stopped
    OUT/cases.csv          patients and columns
    OUT/labels.json        scheme and values
    OUT/...                the layout's own files

Voxels are kept as float32 holds them, the precision in which everything here is read; whole numbers are stored as such.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError, InputError, OncontourError, OutputError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import bids, brats, manifest, msd, nnunet
from oncontour.data.datasets.dataset import Dataset, DatasetCase
from oncontour.data.datasets.images import read_case
from oncontour.data.datasets.tables import write_cases_table, write_labels_file
from oncontour.data.datasets.target import Destination, OutFile, Target
from oncontour.data.files import explained, write_json
from oncontour.data.nifti import OutputType, write_nifti
from oncontour.data.parallel import each

TARGETS: Mapping[str, Target] = {
    one.name: one for one in (brats.TARGET, msd.TARGET, nnunet.TARGET, bids.TARGET, manifest.TARGET)
}
"""Layouts that can be written, by their names on the command line."""

RECORD = "conversion.json"

SAME_GRID_MM = 0.01
"""Corners of a case's images may lie this far apart where a layout wants one grid: what headers round away."""


@dataclass(frozen=True)
class Converted:
    """What a conversion did.

    Args:
        folder: of the new data set.
        done: cases that were written now.
        kept: cases that were there from before.
        failed: why the others are not.
    """

    folder: Path
    done: tuple[str, ...]
    kept: tuple[str, ...]
    failed: tuple[OncontourError, ...]


def convert_dataset(
    dataset: Dataset,
    out: Path,
    to: str,
    *,
    sequences: tuple[Sequence, ...] = (),
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Converted:
    """Write a data set in another layout. A case that fails stops no other, and is left out of the new data set.

    Args:
        dataset: from `read_dataset`; its scheme is that of the new masks.
        out: folder of the new data set; finished cases in it are kept.
        to: a key of `TARGETS`.
        sequences: that are written; empty: all.
        workers: processes.
        progress: called with cases done and all cases.

    Raises:
        InputError: no such layout, or a sequence that the data set does not have.
        OutputError: the folder holds something else, or cannot be written.
    """
    if to not in TARGETS:
        raise InputError("--to", repr(to), f"one of {', '.join(TARGETS)}", "Choose one of these layouts.")
    missing = [one for one in sequences if one not in dataset.sequences]
    if missing:
        found = f"no case with {', '.join(missing)}"
        raise InputError(dataset.root, found, f"some of {', '.join(dataset.sequences)}", "Ask for these alone.")
    target = TARGETS[to]
    chosen = tuple(one for one in dataset.sequences if not sequences or one in sequences)
    destination = Destination(out, dataset, target.stored(dataset), chosen)
    _begin(destination, to)
    kept = [case.name for case in dataset.cases if _is_there(target.files(case, destination), out)]
    waiting = [case for case in dataset.cases if case.name not in kept]
    progress(len(kept), len(dataset.cases))
    done: list[str] = []
    failed = list(dataset.left_out)
    light = replace(destination, dataset=replace(dataset, cases=(), left_out=()))  # What goes to other processes.
    outcomes = each(partial(_convert, target, light), waiting, workers)
    for number, (case, error) in enumerate(zip(waiting, outcomes, strict=True), start=len(kept) + 1):
        if error is None:
            done.append(case.name)
        else:
            failed.append(error)
        progress(number, len(dataset.cases))
    finished = {*kept, *done}
    written = tuple(_as_written(case, target, destination) for case in dataset.cases if case.name in finished)
    final = replace(destination, dataset=replace(dataset, cases=written))
    write_cases_table(out, written, final.stored)
    write_labels_file(out, dataset.scheme)
    target.finish(final)
    return Converted(out, tuple(done), tuple(kept), tuple(failed))


def _begin(to: Destination, layout: str) -> None:
    """Make the folder and write what is being done, or go on with the same."""
    record: dict[str, Any] = {
        "source": to.dataset.digest(),
        "to": layout,
        "scheme": to.dataset.scheme,
        "sequences": list(to.sequences),
    }
    path = to.folder / RECORD
    source = to.dataset.root if to.dataset.root.is_dir() else to.dataset.root.parent
    if to.folder.resolve().is_relative_to(source.resolve()):
        raise OutputError(to.folder, "a folder within the source", "a folder of its own", "Give another folder.")
    if path.is_file():
        if _read_record(path) == record:
            return
        found = "another conversion: of other data, or to another layout, scheme or choice of sequences"
        raise OutputError(path, found, "this one, begun before", "Give another folder, or remove this one.")
    with explained(to.folder):
        to.folder.mkdir(parents=True, exist_ok=True)
        occupied = any(to.folder.iterdir())
    if occupied:
        raise OutputError(to.folder, "a folder that is not empty", "a new or empty folder", "Give another folder.")
    write_json(path, record)


def _read_record(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _is_there(files: list[OutFile], out: Path) -> bool:
    """Whether a case is finished: each file gets its name only when it is whole."""
    return all((out / file.path).is_file() for file in files)


def _as_written(case: DatasetCase, target: Target, to: Destination) -> DatasetCase:
    """The case without the sequences that turned out to be absent (`Dataset.zeros_are_absent`)."""
    there = {one for file in target.files(case, to) if (to.folder / file.path).is_file() for one in file.sequences}
    return replace(case, images={one: file for one, file in case.images.items() if one in there})


def _convert(target: Target, to: Destination, case: DatasetCase) -> OncontourError | None:
    """Write one case; the error where that fails."""
    try:
        images, mask = read_case(case, to.dataset)
        images = {one: volume for one, volume in images.items() if one in to.sequences}
        if not images:
            found = f"case {case.name} with none of {', '.join(to.sequences)}"
            raise SequenceError(to.dataset.root, found, "one of them or more", "Ask for other sequences.")
        if target.one_grid:
            _check_one_grid(case, images, mask)
        some = next(iter(images.values()))
        for file in target.files(case, to):
            path = to.folder / file.path
            present = [one for one in file.sequences if one in images]
            if path.is_file() or (file.sequences and not present and not target.one_grid):
                continue
            with explained(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            if mask is not None and not file.sequences:
                write_nifti(mask, path, "uint8")
                continue
            place = images[present[0]] if present else some
            stack = [images[one].array if one in images else np.zeros_like(place.array) for one in file.sequences]
            array = np.stack(stack) if len(stack) > 1 else stack[0]
            write_nifti(place.with_array(array), path, _stored_as(array))
    except OncontourError as error:
        return error
    return None


def _stored_as(array: NDArray[np.float32]) -> OutputType:
    """int16 where it holds every value exactly, else float32."""
    limits = np.iinfo(np.int16)
    inside = limits.min <= array.min() and array.max() <= limits.max
    return "int16" if inside and np.array_equal(array, np.rint(array)) else "float32"


def _check_one_grid(case: DatasetCase, images: Mapping[Sequence, Volume], mask: Volume | None) -> None:
    """Refuse images that do not lie voxel on voxel.

    Raises:
        GeometryError: they do not.
    """
    first = next(iter(images))
    others = [*((str(one), volume) for one, volume in images.items()), *([("the mask", mask)] if mask else [])]
    for what, volume in others:
        if not volume.grid.same_as(images[first].grid, SAME_GRID_MM):
            found = f"{what} in another grid than {first}"
            remedy = "Register and resample them first, or convert to a layout of one file an image (brats, bids, csv)."
            raise GeometryError(case.name, found, "all images of a case in one grid", remedy)
