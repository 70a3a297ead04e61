"""Find the DICOM studies in a folder or zip: headers only, foreign files passed over and counted."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from oncontour.core.errors import MixedPatientsError, NotAStudyError
from oncontour.dicom.facts import other_body_part
from oncontour.dicom.group import group_series
from oncontour.dicom.header import IMAGE_CLASSES, Header, looks_like_dicom, read_header
from oncontour.dicom.series import DicomStudy
from oncontour.dicom.unpack import list_files
from oncontour.dicom.words import words_of

Read = Callable[[Path], Header | None]
"""`read_header`, or one that remembers what it read."""


def find_studies(root: Path, temporary: Path, read: Read = read_header) -> tuple[DicomStudy, ...]:
    """Every brain MR study in a folder, zip or single file.

    Args:
        root: searched with all its subfolders; zips inside are unpacked.
        temporary: where zips are unpacked; must outlive the studies.
        read: reads a file's header.

    Raises:
        InputError: no such path, or a zip that cannot be trusted.
        MixedPatientsError: more than one patient.
        NotAStudyError: no MR study that could be of a brain.
    """
    files = list_files(root, temporary)
    headers, skipped = _read_headers(files, read)
    _check_one_patient(root, headers)
    by_study: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_study[header.study].append(header)
    brains = {uid: group for uid, group in by_study.items() if any(map(may_be_brain, group))}
    if not brains:
        expected = "DICOM MR images of a brain"
        remedy = "Give the folder that holds the study's images."
        raise NotAStudyError(root, _inventory(headers, len(files), skipped), expected, remedy)
    notes = [f"{count} {what} left out" for what, count in skipped.items()]
    others = [header for uid, group in by_study.items() if uid not in brains for header in group]
    if others:
        notes.append(f"other studies here are no brain MR and were left out ({_inventory(others, len(others), {})})")
    studies = [
        DicomStudy(uid, root, group_series(group), len(brains) == 1, tuple(notes)) for uid, group in brains.items()
    ]
    return tuple(sorted(studies, key=lambda study: (min(s.acquired for s in study.series), study.uid)))


def _read_headers(files: Sequence[Path], read: Read) -> tuple[list[Header], Counter[str]]:
    headers: list[Header] = []
    skipped: Counter[str] = Counter()
    for file in files:
        try:
            if not looks_like_dicom(file):
                skipped["files that are not DICOM"] += 1
                continue
            header = read(file)
        except OSError:
            skipped["files that could not be opened"] += 1
        except ValueError:
            skipped["DICOM files with a damaged header"] += 1
        else:
            if header is not None:
                headers.append(header)
    return headers, skipped


def may_be_brain(header: Header) -> bool:
    """Whether it is an MR image of which no word says that it shows something else than a head."""
    if header.modality not in ("", "MR") or header.sop_class not in IMAGE_CLASSES or not header.frames:
        return False
    evidence = header.frames[0].evidence
    words = words_of(evidence.description, evidence.protocol, evidence.manufacturer)
    elsewhere = other_body_part(evidence.body_part) or "other body part" in words
    return not elsewhere or "head" in words


def _inventory(headers: Sequence[Header], files: int, skipped: Mapping[str, int]) -> str:
    """What was found, in counts: "CT, 120 slices"; never in names."""
    if not headers:
        damaged = skipped.get("DICOM files with a damaged header", 0)
        return f"{files} files, " + (f"{damaged} of them DICOM with a damaged header" if damaged else "none DICOM")
    slices: Counter[str] = Counter()
    for header in headers:
        kind = header.modality if re.fullmatch("[A-Z]{2,12}", header.modality) else "an unknown modality"
        slices[kind + _where(header)] += len(header.frames)
    return "; ".join(f"{kind}, {count} slice{'s' if count != 1 else ''}" for kind, count in slices.most_common())


def _where(header: Header) -> str:
    part = other_body_part(header.frames[0].evidence.body_part) if header.frames else ""
    if part:
        return f" of the {part}"
    if header.modality != "MR" or may_be_brain(header):
        return ""
    return " of another body part" if header.sop_class in IMAGE_CLASSES else " without an image"


def _check_one_patient(root: Path, headers: Sequence[Header]) -> None:
    patients: list[tuple[str, str, str]] = []
    for patient in dict.fromkeys(header.patient for header in headers):
        if not any(_same_patient(patient, other) for other in patients):
            patients.append(patient)
    if len(patients) > 1:
        remedy = "Give each patient a folder."
        raise MixedPatientsError(root, f"{len(patients)} patients in {len(headers)} DICOM files", "one patient", remedy)


def _same_patient(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Whether identifier, name and birth date of two headers can be one person's; what is absent contradicts nothing.

    The identifier decides where both have one (names are spelt differently by different scanners), else the name.
    """
    (id_1, name_1, born_1), (id_2, name_2, born_2) = one, other
    if born_1 and born_2 and born_1 != born_2:
        return False
    if id_1 and id_2:
        return id_1.casefold() == id_2.casefold()
    words = [frozenset(re.findall(r"\w+", name.casefold())) for name in (name_1, name_2)]
    return not all(words) or words[0] == words[1]
