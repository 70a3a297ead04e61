"""BIDS, with the masks in derivatives.

    ROOT/sub-01/[ses-02/]anat/sub-01_ses-02_T1w.nii.gz, _ce-gadolinium_T1w, _T2w, _FLAIR
    ROOT/derivatives/PIPELINE/sub-01/[ses-02/]anat/sub-01_ses-02_..._dseg.nii.gz     (or _mask)
    ..._dseg.tsv    beside the mask, or above it: index, name (or abbreviation) of each value
    ROOT/participants.tsv    its columns are kept

Where the pipeline that holds a mask holds images too (stripped, co-registered), these are taken: they share its grid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES, LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.data.datasets.dataset import Dataset, DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound, few, images_of, may_be_truth
from oncontour.data.datasets.tables import CASES, LABELS, read_table, write_table
from oncontour.data.datasets.target import Destination, OutFile, Target
from oncontour.data.files import write_json, write_whole
from oncontour.data.layouts import NiftiCase, NiftiFile
from oncontour.data.names import read_name
from oncontour.data.nifti import is_nifti, stem

NAME = "BIDS"
DERIVATIVES, PARTICIPANTS, PIPELINE = "derivatives", "participants.tsv", "masks"
VERSION = "1.9.0"
"""Of the BIDS specification that is written."""

SUFFIXES: Mapping[Sequence, str] = {
    Sequence.T1: "T1w", Sequence.T1CE: "ce-gadolinium_T1w", Sequence.T2: "T2w", Sequence.FLAIR: "FLAIR",
    Sequence.ADC: "ADC",
}  # fmt: skip
"""The end of each sequence's file name."""

_FOLDERS = ("anat", "dwi")
"""Where images of ours lie."""


def find(root: Path) -> Found | NotFound:
    """The data set of this layout in a folder, or why it is none."""
    pipelines = _inside(root / DERIVATIVES, "*")
    places = {session.relative_to(base) for base in (root, *pipelines) for session in _sessions(base)}
    if not places:
        return "no sub-*/[ses-*/]anat in it"
    people = _participants(root)
    cases, left_out, tables = [], [], []
    for place in sorted(places):
        try:
            case, table = _case(root, pipelines, place, people)
        except OncontourError as error:
            left_out.append(error)
            continue
        cases.append(case)
        tables.extend([table] if table else [])
    different = sorted(set(tables))
    names = [_label_names(path) for path in different]
    if any(one != names[0] for one in names):
        found = f"{len(different)} tables of labels that differ: {few(path.name for path in different)}"
        raise InputError(root, found, "one meaning of the values", "Write a labels.json beside the data.")
    if not names:
        return Found(NAME, tuple(cases), tuple(left_out))
    return Found(NAME, tuple(cases), tuple(left_out), names[0], different[0])


def raw_cases(root: Path) -> tuple[NiftiCase, ...]:
    """The sessions of a raw data set that hold images of ours, sub-X[_ses-Y]; its derivatives are not looked at."""
    places = [session.relative_to(root) for session in _sessions(root)]
    cases = (NiftiCase("_".join(place.parts), root / place, tuple(_images(root / place))) for place in places)
    return tuple(case for case in cases if case.files)


def _inside(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_dir()) if folder.is_dir() else []


def _sessions(base: Path) -> Iterator[Path]:
    """Folders sub-*, or their ses-*, that hold images or masks."""
    for subject in _inside(base, "sub-*"):
        for session in _inside(subject, "ses-*") or [subject]:
            if any(_files_in(session)):
                yield session


def _files_in(session: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        if (session / name).is_dir():
            yield from sorted(path for path in (session / name).iterdir() if is_nifti(path))


def _case(
    root: Path, pipelines: list[Path], place: Path, people: Mapping[str, Mapping[str, str]]
) -> tuple[DatasetCase, Path | None]:
    name, subject = "_".join(place.parts), place.parts[0]
    masks = {path: base for base in (root, *pipelines) for path in _files_in(base / place) if may_be_truth(path)}
    if len(masks) > 1:
        found = f"{len(masks)} masks: {few(path.name for path in masks)}"
        raise InputError(root / place, found, "one mask a session", "Move the others away.")
    mask = next(iter(masks), None)
    beside = masks[mask] if mask else root
    base = beside if _images(beside / place) else root
    images = images_of(NiftiCase(name, base / place, tuple(_images(base / place))))
    table = None if mask is None else _table_of(mask, masks[mask])
    return DatasetCase(name, subject, images, ImageFile(mask) if mask else None, people.get(subject, {})), table


def _images(session: Path) -> list[NiftiFile]:
    files = [NiftiFile(path, None, read_name(stem(path))) for path in _files_in(session)]
    return [file for file in files if file.reading.sequence is not None]


def _table_of(mask: Path, base: Path) -> Path | None:
    """The table of a mask's labels: beside it, or further up (the inheritance principle)."""
    offers = [mask.with_name(f"{stem(mask)}.tsv")]
    folder = mask.parent
    while folder != base.parent:
        offers.extend(sorted(folder.glob("*dseg.tsv")) if folder != mask.parent else [])
        folder = folder.parent
    return next((path for path in offers if path.is_file()), None)


def _label_names(path: Path) -> dict[str, int | list[int]]:
    table = read_table(path)
    column = next((name for name in ("abbreviation", "name") if name in table.columns), None)
    if "index" not in table.columns or column is None:
        raise InputError(path, f"columns {', '.join(table.columns)}", "index and name", "Name the columns so.")
    names: dict[str, int | list[int]] = {}
    for row in table.rows:
        if not row["index"].isdigit():
            raise InputError(path, f"index {row['index']!r}", "a whole number", "Correct it.")
        names[row[column]] = int(row["index"])
    return names


def _participants(root: Path) -> dict[str, dict[str, str]]:
    path = root / PARTICIPANTS
    if not path.is_file():
        return {}
    key = "participant_id"
    rows = read_table(path).rows
    return {row.get(key, ""): {name: text for name, text in row.items() if name != key and text} for row in rows}


def stored_names(dataset: Dataset) -> dict[str, str]:
    """Names that BIDS allows (letters and digits alone): sub-PATIENT, and ses-VISIT where a patient has several.

    >>> stored_names(Dataset("d", "brats", (DatasetCase("A-1-2", "A-1", {}, None),), Path()))
    {'A-1-2': 'sub-A1'}
    """
    visits: dict[str, list[str]] = {}
    for case in dataset.cases:
        visits.setdefault(case.patient, []).append(case.name)
    several = any(len(names) > 1 for names in visits.values())
    stored, taken = {}, set()
    for patient, names in visits.items():
        subject = _free(_plain(patient) or "x", taken)
        sessions: set[str] = set()
        for number, name in enumerate(names, start=1):
            rest = _plain(name.removeprefix(patient)) or str(number)
            stored[name] = f"sub-{subject}" + (f"_ses-{_free(rest, sessions)}" if several else "")
    return stored


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", text.removeprefix("sub-"))


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken. To some file systems "A" and "a" are one name."""
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        free = f"{name}x{number}"
    taken.add(free.lower())
    return free


def _files(case: DatasetCase, to: Destination) -> list[OutFile]:
    stored = to.stored[case.name]
    folder = Path(*stored.split("_"), "anat")
    files = [OutFile(folder / f"{stored}_{SUFFIXES[one]}.nii.gz", (one,)) for one in to.sequences if one in case.images]
    mask = Path(DERIVATIVES, PIPELINE) / folder / f"{stored}_label-tumor_dseg.nii.gz"
    return files + ([OutFile(mask, ())] if case.mask else [])


def _finish(to: Destination) -> None:
    pipeline = to.folder / DERIVATIVES / PIPELINE
    pipeline.mkdir(parents=True, exist_ok=True)
    description = {"Name": to.dataset.name, "BIDSVersion": VERSION, "DatasetType": "raw"}
    write_json(to.folder / "dataset_description.json", description)
    generated = {"DatasetType": "derivative", "GeneratedBy": [{"Name": "oncontour convert"}]}
    write_json(pipeline / "dataset_description.json", {**description, **generated})
    write_label_table(pipeline / "dseg.tsv", SCHEMES[to.dataset.scheme])
    subjects = dict.fromkeys(name.split("_")[0] for name in to.stored.values())
    write_table(to.folder / PARTICIPANTS, ["participant_id"], [{"participant_id": one} for one in subjects], "\t")
    ignored = f"{CASES}\n{LABELS}\nconversion.json\n**/*_ADC.nii.gz\n"
    write_whole(to.folder / ".bidsignore", lambda part: part.write_text(ignored, "utf-8"))


def write_label_table(path: Path, scheme: LabelScheme) -> None:
    """The table of a scheme's labels: index, name, abbreviation."""
    labels = [{"index": str(one.value), "name": one.title, "abbreviation": one.name} for one in scheme.labels]
    write_table(path, ["index", "name", "abbreviation"], labels, "\t")


TARGET = Target("bids", _files, _finish, stored_names)
