"""What the user gave, turned into cases. A case is read only when its turn comes, so a bad one stops no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from oncontour.core.errors import InputError, NotAStudyError, OncontourError
from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision, Image, Study
from oncontour.data.layouts import NiftiCase, case_name, check_sufficient, find_nifti_cases, read_case
from oncontour.data.names import STATED
from oncontour.data.nifti import is_nifti, read_nifti_noted, stem

if TYPE_CHECKING:
    from oncontour.dicom.find import Read
    from oncontour.dicom.series import DicomStudy

SKIPPED_FOLDERS = frozenset(
    {"labelstr", "labelsts", "labels", "truth", "masks", "segmentations", "predictions", "derivatives"}
)
"""Folders of data sets that hold no images; not entered unless they are given themselves."""

Use = Mapping[Sequence, str]
"""Sequence -> the series or file that the user wants for it (`--use`)."""


@dataclass(frozen=True)
class CaseInput:
    """A case that can be read.

    Args:
        name: what its result folder is called: letters, digits, dot, underscore and hyphen.
        where: the file or folder that it comes from.
        files: every file that may go into it, in a fixed order (hashed for `--resume`).
        read: reads it, in another process too; raises the error that says why it cannot be used.
    """

    name: str
    where: Path
    files: tuple[Path, ...]
    read: Callable[[], Study]


def find_cases(paths: Iterable[Path], temporary: Path, use: Use | None = None) -> list[CaseInput]:
    """The cases in what the user gave.

    Args:
        paths: case folders, folders of case folders, DICOM folders, or zips of DICOM.
        temporary: an empty folder for what has to be unpacked; it must outlive the cases.
        use: sequence -> series or file to take for it, against what headers and names say.

    Returns:
        Cases of different names, in the order of the paths. What cannot be used at all is a case too, whose `read`
        raises the reason.
    """
    found = [case for path in paths for case in _cases_in(path, temporary, use or {})]
    return list(_with_different_names(found))


def case_of_files(files: Mapping[Sequence, Path], name: str | None = None) -> CaseInput:
    """One case of NIfTI files given one by one.

    Args:
        files: sequence -> file.
        name: the case's name; by default that of the files' folder, or of the first file where folders differ.
    """
    folders = {path.absolute().parent for path in files.values()}
    first = next(iter(files.values()))
    name = safe_name(name or (case_name(folders.pop()) if len(folders) == 1 else stem(first)))

    return CaseInput(name, first.parent, tuple(files.values()), partial(_read_files, dict(files), name))


def _read_files(files: Mapping[Sequence, Path], name: str) -> Study:
    check_sufficient("the files given", files)
    images, notes = {}, []
    for sequence in sorted(files, key=list(Sequence).index):
        path = files[sequence]
        volume, remarks = read_nifti_noted(path)
        images[sequence] = Image(sequence, volume, path.name, (path,), dicom=False)
        notes.extend(remarks)
    stated = tuple(Decision(files[s].name, s, True, f"given with --{s.lower()}", STATED) for s in images)
    return Study(name, images, stated, tuple(notes))


def _cases_in(path: Path, temporary: Path, use: Use) -> list[CaseInput]:
    """Every case of one path; at least one, which may be a broken one."""
    try:
        if not path.exists():
            raise InputError(path, "nothing of that name", "a study's folder or zip", "Correct the path.")
        if path.is_file():
            return _file_cases(path, temporary, use)
        if not any(path.iterdir()):
            expected = "a study: DICOM or NIfTI files"
            raise NotAStudyError(path, "an empty folder", expected, "Give the folder that holds the images.")
        return _folder_cases(path, temporary, use)
    except OncontourError as error:
        return [_broken(path, error)]
    except OSError as error:
        found = f"a folder that cannot be read ({error.strerror})"
        refusal = InputError(path, found, "a readable folder", "Check its permissions.")
        return [_broken(path, refusal)]


def _file_cases(path: Path, temporary: Path, use: Use) -> list[CaseInput]:
    if is_nifti(path):
        expected = "a folder, a zip, or files named by sequence"
        remedy = "Say what it shows: --t1ce, --flair, --t2, --t1 or --adc before the file, or give its folder."
        raise InputError(path, "one NIfTI file", expected, remedy)
    return _dicom_cases(path, temporary, use)


def _folder_cases(folder: Path, temporary: Path, use: Use) -> list[CaseInput]:
    """NIfTI cases of the folder, else those of the folders inside it, else its DICOM studies."""
    here = find_nifti_cases(folder)
    if here:
        return [nifti_case(case, use) for case in here]
    inside = sorted(child for child in folder.iterdir() if _is_entered(child))
    if not any(_holds_nifti_cases(child) for child in inside):
        masks = sum(is_nifti(path) for path in folder.iterdir())
        if masks and not inside:
            found = f"{masks} NIfTI files, masks all of them by their names"
            expected = "images: T1CE, FLAIR or T2 among them"
            raise NotAStudyError(folder, found, expected, "Add the images, or say which is which: --t1ce FILE ...")
        return _dicom_cases(folder, temporary, use)
    archives = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".zip")
    return [case for path in (*inside, *archives) for case in _cases_in(path, temporary, use)]


def _is_entered(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".") and path.name.lower() not in SKIPPED_FOLDERS


def _holds_nifti_cases(folder: Path) -> bool:
    try:
        return bool(find_nifti_cases(folder)) or any(
            _holds_nifti_cases(child) for child in folder.iterdir() if _is_entered(child)
        )
    except InputError:  # A damaged dataset.json: it is a NIfTI data set, and reading it will say what is wrong.
        return True
    except OSError:  # Not readable: whoever enters it will say so.
        return False


def nifti_case(case: NiftiCase, use: Use) -> CaseInput:
    """A case of a folder of NIfTI files."""
    files = tuple(dict.fromkeys(file.path for file in case.files if not file.reading.mask))
    name = safe_name(case.name)
    return CaseInput(name, case.folder, files, partial(read_case, replace(case, name=name), use))


def _broken(path: Path, error: OncontourError) -> CaseInput:
    """A case that can only say what is wrong with it."""
    return CaseInput(_name_of(path), path, (), partial(_refuse, error))


def _refuse(error: OncontourError) -> Study:
    raise error


def _name_of(path: Path) -> str:
    """The name of the case at a folder or file."""
    return safe_name(path.absolute().stem) if path.is_file() else safe_name(case_name(path))


def safe_name(name: str) -> str:
    """A name that every file system takes, and that leads nowhere.

    >>> safe_name("../Case 1")
    'Case_1'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "case"


def _with_different_names(cases: Iterable[CaseInput]) -> Iterator[CaseInput]:
    """The same cases, each later one of a name already taken with "-2", "-3", ... behind it."""
    taken: set[str] = set()
    for case in cases:
        name, count = case.name, 1
        while name.lower() in taken:  # Some file systems take "A" and "a" for one folder.
            count += 1
            name = f"{case.name}-{count}"
        taken.add(name.lower())
        yield case if name == case.name else _renamed(case, name)


def _renamed(case: CaseInput, name: str) -> CaseInput:
    return replace(case, name=name, read=partial(_read_as, case.read, name))


def _read_as(read: Callable[[], Study], name: str) -> Study:
    return replace(read(), name=name)


def _dicom_cases(path: Path, temporary: Path, use: Use) -> list[CaseInput]:
    """The DICOM studies of a folder or zip; a folder of case folders gives each folder its own."""
    from oncontour.dicom.header import read_header
    from oncontour.dicom.study import case_name as study_name
    from oncontour.dicom.study import read_study

    cases = []
    for place, study in _dicom_studies(path, temporary, cache(read_header)):
        if isinstance(study, OncontourError):
            cases.append(_broken(place, study))
            continue
        name = _name_of(place) if study.alone else safe_name(study_name(study))
        files = sorted({frame.path for series in study.series for frame in series.frames})
        cases.append(CaseInput(name, place, tuple(files), partial(read_study, study, use, name)))
    return cases


def _dicom_studies(path: Path, temporary: Path, read: Read) -> list[tuple[Path, DicomStudy | OncontourError]]:
    """Studies and the folder or zip of each, or the error of what is none.

    A folder's parts (folders and zips) are cases of their own where at least two hold a study and no study is spread
    over several of them; else they are the series of what the folder holds, whose headers are not read again.
    """
    from oncontour.dicom.find import find_studies
    from oncontour.dicom.series import DicomStudy

    parts = _parts(path)
    inside = [found for part in parts for found in _dicom_studies(part, temporary, read)]
    if len(parts) == 1 and len(inside) == 1:  # A folder around a folder: all has been read, and goes by the outer name.
        study = inside[0][1]
        return [(path, replace(study, root=path) if isinstance(study, DicomStudy) else study)]
    if len(parts) == 1:
        return inside
    uids = [study.uid for _, study in inside if isinstance(study, DicomStudy)]
    if len(uids) > 1 and len(set(uids)) == len(uids):
        return inside
    try:
        return [(path, study) for study in find_studies(path, Path(mkdtemp(dir=temporary)), read)]
    except OncontourError as error:
        return [(path, error)]


def _parts(path: Path) -> list[Path]:
    """The folders and zips in a folder; none where DICOM files lie beside them."""
    from oncontour.dicom.header import looks_like_dicom

    if path.is_file():
        return []
    parts = []
    for child in sorted(path.iterdir()):
        if _is_entered(child) or child.suffix.lower() == ".zip":
            parts.append(child)
        elif child.is_file() and child.name.upper() != "DICOMDIR" and looks_like_dicom(child):
            return []
    return parts
