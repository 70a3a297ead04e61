"""A plain table of cases: cases.csv, or any CSV file.

    case,patient,t1,t1ce,t2,flair,adc,mask,site,...
    a_1,a,a_1/t1.nii.gz,a_1/t1ce.nii.gz,,a_1/flair.nii.gz,,a_1/mask.nii.gz,north

Paths are relative to the table's folder, or absolute; an empty cell is a sequence that the case lacks. `patient` may be
left out where every case has one of its own. Masks of several experts stand in columns `mask_NAME`; where there is no
`mask`, the first of them is the truth. Other columns are kept: to stratify by, to hold cases out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets.dataset import DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound
from oncontour.data.datasets.images import is_image
from oncontour.data.datasets.patients import patient_of
from oncontour.data.datasets.tables import CASE, CASES, PATIENT, check_once, read_table, write_table
from oncontour.data.datasets.target import Destination, OutFile, Target, same_name
from oncontour.data.inputs import safe_name

NAME = "CSV"
MASK_COLUMNS = ("mask", "seg")
RATER = "mask_"
"""Before a rater's name, in the column of their masks."""

COLUMNS: Mapping[str, Sequence] = {
    **{one.lower(): one for one in Sequence},
    "t1n": Sequence.T1, "t1c": Sequence.T1CE, "t2w": Sequence.T2, "t2f": Sequence.FLAIR,
}  # fmt: skip
"""Columns of paths, in lower case: our names and those of BraTS 2023."""


def find(root: Path) -> Found | NotFound:
    """The data set of a table, or of the cases.csv in a folder, or why it is none."""
    path = root if root.is_file() else root / CASES
    if not path.is_file():
        return f"no {CASES} in it"
    table = read_table(path)
    images = {name: COLUMNS[name.lower()] for name in table.columns if name.lower() in COLUMNS}
    if CASE not in table.columns or not images:
        return f"{path.name} has no column {CASE!r}, or none of {', '.join(one.lower() for one in Sequence)}"
    if len(set(images.values())) < len(images):
        raise InputError(path, f"columns {', '.join(images)}", "one column a sequence", "Leave one of them out.")
    masks = [name for name in table.columns if name.lower() in MASK_COLUMNS]
    if len(masks) > 1:
        raise InputError(path, f"columns {' and '.join(masks)}", "one column of masks", "Leave one of them out.")
    check_once(path, (safe_name(row[CASE]) for row in table.rows))
    cases, left_out = [], []
    for number, row in enumerate(table.rows, start=2):
        try:
            cases.append(_case(row, path, number, images, masks))
        except OncontourError as error:
            left_out.append(error)
    return Found(NAME, tuple(cases), tuple(left_out))


def _case(
    row: Mapping[str, str], path: Path, number: int, images: Mapping[str, Sequence], masks: list[str]
) -> DatasetCase:
    if not row[CASE]:
        raise InputError(path, f"row {number} without a name", f"a name in the column {CASE!r}", "Name the case.")
    name = safe_name(row[CASE])
    files = {what: _file(path, name, row[column]) for column, what in images.items() if row[column]}
    if not files:
        raise InputError(path, f"case {name} without an image", "the path of one image or more", "Add the paths.")
    mask = _file(path, name, row[masks[0]]) if masks and row[masks[0]] else None
    readers = {column.removeprefix(RATER): column for column in row if column.startswith(RATER)}
    raters = {rater: _file(path, name, row[column]) for rater, column in readers.items() if row[column]}
    taken = {CASE, PATIENT, *images, *masks, *readers.values()}
    columns = {column: text for column, text in row.items() if column not in taken and text}
    ordered = {one: files[one] for one in Sequence if one in files}
    truth = mask or next(iter(raters.values()), None)
    return DatasetCase(name, row.get(PATIENT) or patient_of(name), ordered, truth, columns, raters)


def _file(table: Path, name: str, text: str) -> ImageFile:
    path = table.parent / text
    if not path.is_file():
        raise InputError(table, f"case {name}: no file {text}", "the path of a file", "Correct the path.")
    if not is_image(path):
        raise InputError(table, f"case {name}: {text}", "a NIfTI file, or .mha", "Convert the image first.")
    return ImageFile(path)


def _files(case: DatasetCase, to: Destination) -> list[OutFile]:
    stored = to.stored[case.name]
    files = [OutFile(Path(stored, f"{one.lower()}.nii.gz"), (one,)) for one in to.sequences if one in case.images]
    return files + ([OutFile(Path(stored, "mask.nii.gz"), ())] if case.mask else [])


def _finish(to: Destination) -> None:
    others = dict.fromkeys(name for case in to.dataset.cases for name in case.columns)
    rows = []
    for case in to.dataset.cases:
        paths = {(one.sequences[0].lower() if one.sequences else MASK_COLUMNS[0]): one.path.as_posix()
                 for one in _files(case, to)}  # fmt: skip
        rows.append({CASE: case.name, PATIENT: case.patient, **paths, **case.columns})
    named = [one.lower() for one in to.sequences]
    write_table(to.folder / CASES, [CASE, PATIENT, *named, MASK_COLUMNS[0], *others], rows)


TARGET = Target("csv", _files, _finish, same_name)
