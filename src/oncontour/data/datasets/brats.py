"""BraTS 2017 to 2025, BraTS-PEDs, and whatever else is a folder a case whose files are named by sequence.

    ROOT/[anything/]CASE/CASE_t1.nii.gz  _t1ce  _t2  _flair  _seg        2017 to 2021; HGG and LGG become a column
    ROOT/[anything/]CASE/CASE-t1n.nii.gz  -t1c  -t2w  -t2f  -seg         2023 and later

What the values of masks mean is told by the names where these say it, else by the values themselves (`labels.assumed`):
1, 2, 4 until 2021 and 1, 2, 3 since 2023. BraTS-PEDs named its cases alike in 2023 (merged labels) and in 2024 (four),
so there some mask must hold a 4, or the user has to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import BRATS, POSTOPERATIVE
from oncontour.data.datasets.dataset import DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound, few, images_of, may_be_truth
from oncontour.data.datasets.images import read_stored
from oncontour.data.datasets.labels import BRATS_2015, PEDS_2024, Convention, own
from oncontour.data.datasets.patients import patient_of
from oncontour.data.datasets.tables import CASES, read_table
from oncontour.data.datasets.target import Destination, OutFile, Target, same_name
from oncontour.data.inputs import SKIPPED_FOLDERS, safe_name
from oncontour.data.layouts import find_nifti_cases
from oncontour.data.names import BRATS_NAMES
from oncontour.data.nifti import is_nifti, stem

DEPTH = 4
"""Folders between the root and a case's files: an archive's own, a training or test part, HGG or LGG, the case's."""

GRADES = ("HGG", "LGG")
GRADE = "grade"

PLAIN = "one folder a case"
"""The layout's name where the cases are named as no edition names them."""

EDITIONS: Mapping[str, str] = {
    r"BraTS17_.+": "BraTS 2017",
    r"BraTS18_.+": "BraTS 2018",
    r"BraTS19_.+": "BraTS 2019",
    r"BraTS20_.+": "BraTS 2020",
    r"BraTS2021_\d+": "BraTS 2021",
    r"BraTS-PED-\d+-\d+": "BraTS-PEDs",
    r"BraTS-[A-Z]+-\d+-[1-9]\d\d": "BraTS 2024 post-treatment",
    r"BraTS-[A-Z]+-\d+-\d+": "BraTS 2023",
}
"""Case names -> the edition. Visits of the post-treatment data are numbered from 100 on, those before from 000."""

_MASK_NAMES: Mapping[str, Convention] = {
    r"(?:.*[._-])?OT(?:MultiClass)?": BRATS_2015,
    r"(?:.*_)?GT_W": own("whole", "a whole-tumour mask"),
}
"""Names that say what a mask holds: BraTS 2015's "observer truth" (so in deepmedic too), deepvoxnet's whole tumour."""


def find(root: Path) -> Found | NotFound:
    """The data set of this layout under a folder, or why it is none."""
    cases, left_out = [], []
    for folder in _case_folders(root, DEPTH):
        try:
            cases.extend(_cases(folder, root))
        except OncontourError as error:
            left_out.append(error)
    if not cases and not left_out:
        return "no folder in it holds NIfTI files named by sequence (t1, t1ce, ...)"
    cases = _with_tables(_with_different_names(cases), root)
    edition = edition_of(case.name for case in cases)
    masks = [case.mask for case in cases if case.mask is not None]
    conventions = _stated(masks, root)
    scheme: str | None = POSTOPERATIVE.name if edition == "BraTS 2024 post-treatment" else BRATS.name
    if edition == "BraTS-PEDs" and not conventions:
        four = any(_holds_a_four(mask) for mask in masks)
        conventions, scheme = ((PEDS_2024,), None) if four else ((), None)
    return Found(edition, tuple(cases), tuple(left_out), conventions=conventions, scheme=scheme)


def edition_of(names: Iterable[str]) -> str:
    """The edition that most cases are named like.

    >>> edition_of(["BraTS2021_00000", "BraTS2021_00002"]), edition_of(["case_1"])
    ('BraTS 2021', 'one folder a case')
    """
    editions = Counter(
        next((edition for pattern, edition in EDITIONS.items() if re.fullmatch(pattern, name, re.IGNORECASE)), PLAIN)
        for name in names
    )
    return editions.most_common(1)[0][0] if editions else PLAIN


def grade_of(folder: Path, root: Path) -> dict[str, str]:
    """The column of the grade, where a folder between the root and a case's is named by one.

    >>> grade_of(Path("data/hgg/case_1"), Path("data")), grade_of(Path("data/case_1"), Path("data"))
    ({'grade': 'HGG'}, {})
    """
    grades = [part.upper() for part in folder.relative_to(root).parts if part.upper() in GRADES]
    return {GRADE: grades[0]} if grades else {}


def truth_of(folder: Path) -> ImageFile | None:
    """The expert's mask in a folder; None where there is none.

    Raises:
        InputError: several masks.
    """
    masks = sorted(path for path in folder.iterdir() if is_nifti(path) and may_be_truth(path))
    if len(masks) > 1:
        found = f"{len(masks)} masks: {few(path.name for path in masks)}"
        raise InputError(folder, found, "one mask a case", "Move the others out of the folder.")
    return ImageFile(masks[0]) if masks else None


def _case_folders(folder: Path, depth: int) -> Iterator[Path]:
    """Folders that hold NIfTI images themselves; none inside another."""
    try:
        inside = sorted(folder.iterdir())
    except OSError:  # Not readable: it holds no case that could be used.
        return
    if any(is_nifti(path) and path.is_file() for path in inside) and _may_hold_cases(folder):
        yield folder
        return
    for path in inside:
        if depth and path.is_dir() and not path.name.startswith(".") and path.name.lower() not in SKIPPED_FOLDERS:
            yield from _case_folders(path, depth - 1)


def _may_hold_cases(folder: Path) -> bool:
    try:
        return bool(find_nifti_cases(folder))
    except InputError:  # A damaged dataset.json: it is another layout's, whose reader says so.
        return False


def _cases(folder: Path, root: Path) -> Iterator[DatasetCase]:
    for found in find_nifti_cases(folder):
        name = safe_name(found.name)
        yield DatasetCase(name, patient_of(name), images_of(found), truth_of(folder), grade_of(folder, root))


def _with_different_names(cases: Iterable[DatasetCase]) -> list[DatasetCase]:
    """Cases of one name in several folders get their parents' names before their own."""
    cases = list(cases)
    counts = Counter(case.name for case in cases)
    named = []
    for case in cases:
        first = next(iter(case.images.values())).path
        name = case.name if counts[case.name] == 1 else safe_name(f"{first.parents[1].name}_{case.name}")
        named.append(case if name == case.name else replace(case, name=name, patient=patient_of(name)))
    doubled = [name for name, count in Counter(case.name for case in named).items() if count > 1]
    if doubled:
        remedy = "Rename the folders, or list the cases in a cases.csv."
        raise InputError(few(doubled), "several cases of that name", "names that tell cases apart", remedy)
    return named


def _with_tables(cases: list[DatasetCase], root: Path) -> list[DatasetCase]:
    """The columns of tables beside the cases (survival, grade, mapping of names), found by their column of names."""
    names = {case.name for case in cases}
    paths = [next(iter(case.images.values())).path for case in cases]
    folders = {folder for path in paths for folder in path.parents if folder.is_relative_to(root)}
    columns: dict[str, dict[str, str]] = {}
    for path in sorted(table for folder in folders for table in folder.glob("*.csv") if table.name != CASES):
        try:
            table = read_table(path)
        except InputError:  # Some other table: whoever needs it will say what is wrong with it.
            continue
        key = max(table.columns, key=lambda column: sum(row[column] in names for row in table.rows))
        for row in table.rows:
            if row[key] in names:
                kept = {name: text for name, text in row.items() if name != key and text}
                columns.setdefault(row[key], {}).update(kept)
    return [replace(case, columns={**case.columns, **columns.get(case.name, {})}) for case in cases]


def _stated(masks: Iterable[ImageFile], root: Path) -> tuple[Convention, ...]:
    """What the masks' names say of their values."""
    kinds = {one.name if one else "others": one for one in (_said_by(stem(mask.path)) for mask in masks)}
    stated = tuple(one for one in kinds.values() if one)
    if stated and len(kinds) > 1:
        found = f"masks of several kinds: {', '.join(sorted(kinds))}"
        raise InputError(root, found, "one kind of mask", "Give one folder at a time.")
    return stated


def _said_by(name: str) -> Convention | None:
    return next((one for pattern, one in _MASK_NAMES.items() if re.fullmatch(pattern, name)), None)


def _holds_a_four(mask: ImageFile) -> bool:
    try:
        return bool((np.rint(read_stored(mask).array) == 4).any())
    except OncontourError:  # A damaged mask says nothing; reading its case will report it.
        return False


def _files(case: DatasetCase, to: Destination) -> list[OutFile]:
    """Files as BraTS 2023 names them."""
    stored = to.stored[case.name]
    files = [
        OutFile(Path(stored, f"{stored}-{BRATS_NAMES[one]}.nii.gz"), (one,))
        for one in to.sequences
        if one in case.images
    ]
    return files + ([OutFile(Path(stored, f"{stored}-seg.nii.gz"), ())] if case.mask else [])


TARGET = Target("brats", _files, lambda _: None, same_name)
