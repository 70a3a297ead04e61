"""Folders of NIfTI files: which cases they hold and which file is which sequence.

Known layouts, in the order in which they are tried:

    nnU-Net raw   imagesTr/CASE_0000.nii.gz, CASE_0001.nii.gz, ... and a dataset.json with "channel_names"
    MSD           imagesTr/CASE.nii.gz, 4-D, and a dataset.json with "modality"
    one case      every other folder: the names say what the files are (`data.names`): BraTS 2018 to 2024, BIDS, plain
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oncontour.core.errors import ImageContentError, InputError, MixedPatientsError, NotAStudyError, SequenceError
from oncontour.core.sequence import SUFFICIENT, Sequence
from oncontour.core.study import Decision, Image, Study
from oncontour.data.names import STATED, NameReading, read_name
from oncontour.data.nifti import is_nifti, read_nifti_noted, stem

_CHANNEL_FILE = re.compile(r"(.+)_(\d{4})$")
"""nnU-Net raw: case, underscore, channel number of four digits."""

_PATIENTS = re.compile(
    r"BraTS-[A-Z]+-\d+-\d+|BraTS\d*_(?:\w+_)?\d+|TCGA-\w\w-\w+|U\w+-[A-Z]+-\d+|sub-[A-Za-z0-9]+"
    r"|(?<![A-Za-z])(?:patient|pat|case|subject|subj)[-_]?\d+",
    re.IGNORECASE,
)
"""Names that data sets give to patients: BraTS (per visit), TCGA, UPENN-GBM and UCSF-PDGM, BIDS, and plain ones."""

_MEANINGLESS_FOLDERS = frozenset({"anat", "nifti", "nii", "images", "mri"})
"""A folder of this name says nothing about the case; its parent's name does."""


@dataclass(frozen=True)
class NiftiFile:
    """One image on offer: a file, or one channel of it, and what its name says."""

    path: Path
    channel: int | None
    reading: NameReading

    @property
    def label(self) -> str:
        """How to name it in decisions and errors."""
        return self.path.name if self.channel is None else f"{self.path.name} channel {self.channel}"


@dataclass(frozen=True)
class NiftiCase:
    """The files of one case."""

    name: str
    folder: Path
    files: tuple[NiftiFile, ...]


def find_nifti_cases(folder: Path) -> tuple[NiftiCase, ...]:
    """The cases among the NIfTI files of one folder (not of those inside it), empty where none is an image of ours.

    Raises:
        InputError: a dataset.json that cannot be read.
    """
    paths = sorted(path for path in folder.iterdir() if is_nifti(path) and path.is_file())
    if not paths:
        return ()
    channels = _channels(folder)
    if channels is None:
        files = tuple(NiftiFile(path, None, read_name(stem(path))) for path in paths)
        cases = (NiftiCase(case_name(folder), folder, files),)
    elif all(_CHANNEL_FILE.match(stem(path)) for path in paths) and not _lists_whole_files(folder, paths):
        cases = tuple(_channel_file_cases(folder, paths, channels))
    else:
        cases = tuple(
            NiftiCase(stem(path), folder, tuple(NiftiFile(path, n, reading) for n, reading in channels.items()))
            for path in paths
            if not read_name(stem(path)).mask
        )
    return tuple(case for case in cases if any(not file.reading.mask for file in case.files))


def case_name(folder: Path) -> str:
    """The case's name: its folder's, with the parents of BIDS's "anat" and the like.

    >>> case_name(Path("study/sub-01/ses-02/anat"))
    'sub-01_ses-02'
    """
    parts = list(folder.absolute().parts)
    while len(parts) > 1 and parts[-1].lower() in _MEANINGLESS_FOLDERS:
        parts.pop()
    if len(parts) > 1 and re.match(r"ses-\w+$", parts[-1]):
        return f"{parts[-2]}_{parts[-1]}"
    return parts[-1]


def read_case(case: NiftiCase, use: Mapping[Sequence, str] | None = None) -> Study:
    """Choose the file of each sequence, and read it.

    Args:
        case: from `find_nifti_cases`.
        use: sequence -> the name of the file to take for it, against what names say.

    Raises:
        NotAStudyError: no file is one of our sequences.
        SequenceError: two files for one sequence, or none of T1CE, FLAIR, T2.
        MixedPatientsError: names of two patients.
        InputError, GeometryError, ImageContentError: a file cannot be used.
    """
    chosen = choose(case, use or {})
    check_one_patient(case, chosen.values())
    images, notes = {}, []
    for sequence, file in chosen.items():
        try:
            volume, remarks = read_nifti_noted(file.path, file.channel)
        except ImageContentError as error:
            where = case.folder / file.label
            raise ImageContentError(where, error.found, error.expected, error.remedy) from error
        images[sequence] = Image(sequence, volume, file.label, (file.path,), dicom=False)
        notes.extend(remarks)
    return Study(case.name, images, tuple(_decisions(case, chosen, use or {})), tuple(notes))


def choose(case: NiftiCase, use: Mapping[Sequence, str]) -> dict[Sequence, NiftiFile]:
    """The file of each sequence, in the order of `Sequence`; raises as `read_case`."""
    chosen = choose_files(case, use)
    check_sufficient(case.folder, chosen)
    return chosen


def choose_files(case: NiftiCase, use: Mapping[Sequence, str]) -> dict[Sequence, NiftiFile]:
    """`choose`, but any one sequence is enough."""
    stated = {sequence: _named(case, sequence, name) for sequence, name in use.items()}
    chosen: dict[Sequence, NiftiFile] = {}
    for sequence in Sequence:
        offers = [file for file in case.files if file.reading.sequence is sequence and file not in stated.values()]
        if sequence in stated:
            chosen[sequence] = stated[sequence]
        elif len(offers) > 1:
            found = f"{len(offers)} files for {sequence}: " + ", ".join(file.label for file in offers)
            remedy = f"Say which with --use {sequence}={offers[0].path.name}, or move the others out of the folder."
            raise SequenceError(case.folder, found, "one file a sequence", remedy)
        elif offers:
            chosen[sequence] = offers[0]
    if not chosen:
        count = len([file for file in case.files if not file.reading.mask])
        found = f"{count} images whose names say no sequence" if count else "masks alone"
        remedy = "Name the files (t1, t1ce, t2, flair, adc), or say which is which with --t1ce FILE --flair FILE."
        raise NotAStudyError(case.folder, found, "T1CE, FLAIR or T2 among the names", remedy)
    return chosen


def check_sufficient(where: Path | str, sequences: Iterable[Sequence]) -> None:
    """Refuse sequences that show too little of a tumour.

    Raises:
        SequenceError: none of T1CE, FLAIR, T2.
    """
    found = sorted(sequences, key=list(Sequence).index)
    if not set(found) & set(SUFFICIENT):
        names = " and ".join(found) or "no sequence"
        raise SequenceError(where, f"{names} alone", "at least one of T1CE, FLAIR, T2", "Add one of these sequences.")


def _named(case: NiftiCase, sequence: Sequence, name: str) -> NiftiFile:
    """The file that the user means by a name: its path, its name, with or without suffix, or a channel's label."""
    for file in case.files:
        if name in (file.label, file.path.name, stem(file.path), str(file.path)):
            return file
    offered = ", ".join(file.label for file in case.files)
    raise SequenceError(case.folder, f"no file {name!r} for {sequence}", f"one of {offered}", "Correct --use.")


def _decisions(
    case: NiftiCase, chosen: Mapping[Sequence, NiftiFile], use: Mapping[Sequence, str]
) -> Iterable[Decision]:
    by_file = {file: sequence for sequence, file in chosen.items()}
    for file in case.files:
        sequence, reading = by_file.get(file), file.reading
        if sequence in use:
            yield Decision(file.label, sequence, True, "stated with --use", STATED)
        elif sequence is None and reading.sequence is not None:
            reason = f"{reading.reason}, but another file was stated with --use"
            yield Decision(file.label, reading.sequence, False, reason, reading.confidence)
        else:
            yield Decision(file.label, sequence, sequence is not None, reading.reason, reading.confidence)


def check_one_patient(case: NiftiCase, files: Iterable[NiftiFile]) -> None:
    """Refuse files whose names are of several patients or visits.

    Raises:
        MixedPatientsError: they are.
    """
    named = {}
    for file in files:
        patient = _PATIENTS.search(stem(file.path))
        if patient:
            named.setdefault(patient.group().lower(), file.path.name)
    if len(named) > 1:
        found = f"files of {len(named)} patients or visits: {', '.join(sorted(named.values()))}"
        raise MixedPatientsError(case.folder, found, "one study a folder", "Put each study into a folder of its own.")


def _channel_file_cases(
    folder: Path, paths: Iterable[Path], channels: Mapping[int, NameReading]
) -> Iterable[NiftiCase]:
    cases: dict[str, list[NiftiFile]] = {}
    for path in paths:
        match = _CHANNEL_FILE.match(stem(path))
        if match is not None:
            unknown = NameReading(None, False, "dataset.json does not name this channel", STATED)
            reading = channels.get(int(match.group(2)), unknown)
            cases.setdefault(match.group(1), []).append(NiftiFile(path, None, reading))
    for name, files in cases.items():
        yield NiftiCase(name, folder, tuple(files))


def _channels(folder: Path) -> dict[int, NameReading] | None:
    """What dataset.json, beside the images or above their images* folder, says of each channel; None without it."""
    above = [folder.parent / "dataset.json"] if folder.name.lower().startswith("images") else []
    for path in (folder / "dataset.json", *above):
        if not path.is_file():
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            names = content.get("channel_names") or content.get("modality")
            channels = {int(number): str(name) for number, name in names.items()}
        except (OSError, ValueError, AttributeError) as error:
            expected = 'JSON with "channel_names" (nnU-Net) or "modality" (MSD)'
            remedy = "Repair it, or move it away."
            raise InputError(path, "a dataset.json that cannot be used", expected, remedy) from error
        return {number: _stated(name) for number, name in channels.items()}
    return None


def _lists_whole_files(folder: Path, paths: Iterable[Path]) -> bool:
    """Whether dataset.json lists the files as they are, as MSD's does: a name such as case_0001 is no channel then."""
    path = next(path for path in (folder / "dataset.json", folder.parent / "dataset.json") if path.is_file())
    content = json.loads(path.read_text(encoding="utf-8"))
    listed = [*_entries(content, "training"), *_entries(content, "test")]
    names = {Path(str(entry.get("image") if isinstance(entry, dict) else entry)).name for entry in listed}
    return any(path.name in names for path in paths)


def _entries(content: dict[str, Any], key: str) -> list[Any]:
    value = content.get(key)
    return value if isinstance(value, list) else []


def _stated(channel: str) -> NameReading:
    reading = read_name(channel)
    return NameReading(reading.sequence, False, f'dataset.json calls the channel "{channel}"', STATED)
