"""Versions of a result: 0 is the model's own, which nobody changes; the others are readers', numbered as they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import oncontour
from oncontour.core.box import Box
from oncontour.core.errors import InputError, OncontourError
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.data.files import read_json, write_json
from oncontour.pipeline.folders import VERSIONS
from oncontour.review.corrections.folder import adding, review_folder
from oncontour.review.corrections.painting import painting_of
from oncontour.review.corrections.said import reader_name, remark
from oncontour.review.corrections.write import PROVENANCE, SEG, write_masks, write_segmentation_object
from oncontour.review.results.crop import put_back
from oncontour.review.results.images import read_states
from oncontour.review.results.result import MEASUREMENTS, Result

RECORD = "version.json"
SCHEMA = "oncontour/version/1"
OWN = 0
"""The number of the model's own result."""


@dataclass(frozen=True)
class Version:
    """A version that a reader saved.

    Args:
        number: from 1.
        made_from: the version that was corrected.
        by: the reader.
        at: ISO 8601, UTC.
        note: in the reader's words.
        changed_voxels: in how many voxels it differs from what it was made from.
        program: version of Oncontour that measured it.
        notes: what could not be written, in words.
        folder: where its files are.
    """

    number: int
    made_from: int
    by: str
    at: str
    note: str
    changed_voxels: int
    program: str
    notes: tuple[str, ...]
    folder: Path

    @cached_property
    def measurements(self) -> Mapping[str, Any]:
        """What its `measurements.json` says."""
        return read_json(self.folder / MEASUREMENTS)


@dataclass(frozen=True, eq=False)
class Edit:
    """What a reader wants kept.

    Args:
        states: (i, j, k) uint8, of all voxels that the page was given (`Shown.box`, axes along R, A and S).
        box: that box.
        made_from: number of the version that was corrected.
        by: the reader.
        note: why, or what.
    """

    states: NDArray[np.uint8]
    box: Box
    made_from: int
    by: str
    note: str = ""


def list_versions(result: Result) -> list[Version]:
    """Readers' versions of a result, the oldest first.

    Raises:
        InputError: the record of one is damaged.
    """
    folder = review_folder(result) / VERSIONS
    there = sorted(int(one.name) for one in folder.iterdir() if one.name.isdecimal()) if folder.is_dir() else []
    return [_read(folder / str(number)) for number in there]


def latest(result: Result) -> Version | None:
    """The version that was saved last; None where the model's own result is all there is."""
    versions = list_versions(result)
    return versions[-1] if versions else None


def version_folder(result: Result, number: int) -> Path:
    """Where the files of a version are.

    Raises:
        InputError: there is none of that number.
    """
    if number == OWN:
        return result.folder
    if number not in {version.number for version in list_versions(result)}:
        raise InputError(result.name, f"no version {number}", "a version of the list", "Open the case again.")
    return review_folder(result) / VERSIONS / str(number)


def save_version(result: Result, edit: Edit, source: Callable[[], Image]) -> Version:
    """Keep a correction as a new version: masks, measurements, DICOM SEG; all of it or nothing.

    Args:
        source: reads the image that the masks were drawn on, for the SEG.

    Raises:
        OncontourError: no name, another grid, voxels in states of no label, nothing changed, or a disk that is full.
    """
    from oncontour.dicom.segmentation import Correction
    from oncontour.pipeline.folders import result_folder

    by, note = reader_name(edit.by), remark(edit.note, "note")
    painting = painting_of(result.measurements["scheme"], tuple(result.volumes_ml))
    painting.check(edit.states, result.name)
    before = read_states(version_folder(result, edit.made_from))
    after = put_back(before, edit.box, edit.states)
    changed = int(np.count_nonzero(before.array != after.array))
    if not changed:
        raise InputError(result.name, "no voxel changed", "a correction", "Paint first, or leave it as it is.")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    regions = Volume(painting.regions(after.array), after.affine)
    label_map = after.with_array(painting.label_map(after.array))
    with adding(result) as folder:
        number = max((version.number for version in list_versions(result)), default=OWN) + 1
        target = folder / VERSIONS / str(number)
        with result_folder(target) as part:
            write_masks(part, regions, label_map, painting.scheme, result.measurements)
            named = result.folder / PROVENANCE, Correction(by, number)
            notes = _written(lambda: write_segmentation_object(part / SEG, regions, painting.scheme, source(), *named))
            made = Version(number, edit.made_from, by, at, note, changed, oncontour.__version__, notes, target)
            write_json(part / RECORD, _record(made))
    return made


def _written(write: Callable[[], object]) -> tuple[str, ...]:
    """Nothing, or why there is no SEG: a correction is kept whatever DICOM says."""
    try:
        write()
    except OncontourError as error:
        return (f"No DICOM SEG was written: {error}",)
    return ()


def _record(version: Version) -> dict[str, Any]:
    return {"schema": SCHEMA, **{name: value for name, value in asdict(version).items() if name != "folder"}}


def _read(folder: Path) -> Version:
    content = read_json(folder / RECORD, remedy="Move the version's folder away.")
    try:
        kept = {name: content[name] for name in Version.__dataclass_fields__ if name not in ("folder", "notes")}
        return Version(**kept, notes=tuple(content["notes"]), folder=folder)
    except (KeyError, TypeError) as error:
        found = f"a record that cannot be used ({type(error).__name__})"
        raise InputError(folder / RECORD, found, "what the page wrote", "Move the version's folder away.") from error
