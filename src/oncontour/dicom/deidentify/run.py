"""A folder or zip of DICOM -> the same studies without identity, in folders with names of their own."""

from __future__ import annotations

import csv
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from oncontour.core.errors import InputError, NotAStudyError, OutputError
from oncontour.dicom.deidentify.image import deidentified, write
from oncontour.dicom.deidentify.key import Key, load_or_make_key
from oncontour.dicom.deidentify.values import Patient, uid
from oncontour.dicom.header import Header, looks_like_dicom, read_header
from oncontour.dicom.unpack import list_files

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

TABLE, REFUSED = "deidentified.csv", "refused.csv"

_NOT_DICOM = "no readable DICOM image"
_TWO_PATIENTS = "several patient identifiers in one study"


@dataclass(frozen=True)
class ExportedSeries:
    """A row of `deidentified.csv`: new names alone. `folder` is that of its files, in the export."""

    patient: str
    study: str
    series: str
    number: str
    files: int
    folder: str


@dataclass(frozen=True)
class RefusedFile:
    """A row of `refused.csv`: new names alone, empty where the file has none."""

    patient: str
    study: str
    series: str
    instance: str
    reason: str


@dataclass(frozen=True)
class CrosswalkRow:
    """Old and new names of one file."""

    source: str = field(repr=False)
    old_patient: str = field(repr=False)
    old_study: str = field(repr=False)
    old_series: str = field(repr=False)
    old_instance: str = field(repr=False)
    patient: str
    study: str
    series: str
    instance: str
    file: str


@dataclass(frozen=True)
class Export:
    """What was written, and what was refused."""

    series: tuple[ExportedSeries, ...]
    refused: tuple[RefusedFile, ...]


def deidentify(
    root: Path,
    out: Path,
    key_file: Path,
    crosswalk: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Export:
    """Write every MR image under `root` without identity to OUT/<patient>/<study>/<series>/<n>.dcm.

    Args:
        root: a folder, zip or file; of one patient or of many.
        out: a new or empty folder.
        key_file: made where there is none. The same key gives the same new names and the same shift of dates.
        crosswalk: CSV of old and new names; it must lie in the key's folder.
        progress: called with files done and all files.

    Raises:
        InputError: no such input, an unusable key, a crosswalk or key where it must not lie.
        NotAStudyError: no file could be exported.
        OutputError: `out` holds something, or cannot be written.
    """
    _check_places(out, key_file, crosswalk)
    key = load_or_make_key(key_file)
    with TemporaryDirectory(prefix="oncontour-") as temporary:
        files = list_files(root, Path(temporary))
        headers = [_header(file) for file in files]
        found = [header for header in headers if header is not None]
        refused = [RefusedFile("", "", "", "", _NOT_DICOM)] * (len(files) - len(found))
        writer = _Writer(key, out, refused)
        studies: dict[str, list[Header]] = defaultdict(list)
        for header in found:
            studies[header.study].append(header)
        for group in studies.values():
            patient = _identity(group)
            for header in group:
                writer.add(header, patient)
                progress(len(writer.rows), len(found))
    if not writer.counts:
        reasons = "; ".join(sorted({one.reason for one in refused})) or "no files"
        remedy = "Give the folder that holds the study's images."
        raise NotAStudyError(root, f"{len(files)} files, none to export ({reasons})", "DICOM MR images", remedy)
    export = Export(writer.series(), tuple(refused))
    _write_table(out / TABLE, ExportedSeries, export.series)
    _write_table(out / REFUSED, RefusedFile, export.refused)
    if crosswalk is not None:
        _write_table(crosswalk, CrosswalkRow, writer.rows)
    return export


def _check_places(out: Path, key_file: Path, crosswalk: Path | None) -> None:
    secrets = [key_file] if crosswalk is None else [key_file, crosswalk]
    for path in secrets:
        if path.resolve().is_relative_to(out.resolve()):
            found = "a place inside the export"
            raise InputError(path, found, "one that is not given away with it", "Keep it in a folder of its own.")
    if crosswalk is not None and crosswalk.resolve().parent != key_file.resolve().parent:
        raise InputError(crosswalk, "another folder than the key's", f"a file in {key_file.parent}", "Put it there.")
    if crosswalk is not None and crosswalk.exists():
        raise InputError(crosswalk, "a file that is there", "a new one", "Name another file.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(out, "something that is there", "a new or empty folder", "Name another folder with --out.")


def _header(file: Path) -> Header | None:
    try:
        return read_header(file) if looks_like_dicom(file) else None
    except (OSError, ValueError):
        return None


def _identity(group: Sequence[Header]) -> str:
    """What tells a study's patient from others: identifier, else name and birth, else the study; "": several do."""
    identifiers = {header.patient[0].casefold() for header in group} - {""}
    if identifiers:
        return f"id {identifiers.pop()}" if len(identifiers) == 1 else ""
    _, name, born = next((header.patient for header in group if any(header.patient)), ("", "", ""))
    words = " ".join(sorted(re.findall(r"\w+", name.casefold())))
    return f"name {words} {born}" if words else f"study {group[0].study}"


class _Writer:
    """Writes file after file, and keeps the books."""

    def __init__(self, key: Key, out: Path, refused: list[RefusedFile]) -> None:
        self.key, self.out, self.refused = key, out, refused
        self.rows: list[CrosswalkRow] = []
        self.counts: dict[tuple[str, str, str, str, str], int] = {}

    def add(self, header: Header, identity: str) -> None:
        """Write one file, or note why not."""
        patient = Patient(self.key, self.key.shift_days(identity))
        pseudonym = self.key.pseudonym(identity) if identity else ""
        study, series, instance = (uid(old, patient) for old in (header.study, header.series, header.instance))
        result = deidentified(header, patient, pseudonym) if identity else _TWO_PATIENTS
        file = ""
        if isinstance(result, str):
            self.refused.append(RefusedFile(pseudonym, study, series, instance, result))
        else:
            path = self._path(header, result, pseudonym)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write(result, path)
            except OSError as error:
                found = f"an operating system error: {error.strerror}"
                raise OutputError(
                    self.out, found, "a folder that can be written", "Free space or choose another."
                ) from error
            file, folder = str(path.relative_to(self.out)), str(path.parent.relative_to(self.out))
            number = "" if header.series_number is None else str(header.series_number)
            row = (pseudonym, study, series, number, folder)
            self.counts[row] = self.counts.get(row, 0) + 1
        old = (str(header.path), header.patient[0], header.study, header.series, header.instance)
        self.rows.append(CrosswalkRow(*old, pseudonym, study, series, instance, file))

    def _path(self, header: Header, dataset: Dataset, pseudonym: str) -> Path:
        """Where the file goes: a free name after its InstanceNumber."""
        study = f"{dataset.get('StudyDate') or 'undated'}-{self.key.token(header.study)[2:]}"
        series = f"{header.series_number or 0:03d}-{self.key.token(header.series)[2:]}"
        folder = self.out / pseudonym / study / series
        number, twin = int(dataset.get("InstanceNumber") or 0), 1
        path = folder / f"{number:04d}.dcm"
        while path.exists():
            twin += 1
            path = folder / f"{number:04d}-{twin}.dcm"
        return path

    def series(self) -> tuple[ExportedSeries, ...]:
        """A row for each series, by folder."""
        ordered = sorted(self.counts.items(), key=lambda item: item[0][-1])
        return tuple(ExportedSeries(*row[:-1], count, row[-1]) for row, count in ordered)


def _write_table(path: Path, kind: type, rows: Iterable[ExportedSeries | RefusedFile | CrosswalkRow]) -> None:
    """A CSV for its owner's eyes alone until it is copied; whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(column.name for column in fields(kind))
            table.writerows(astuple(row) for row in rows)
        part.replace(path)
    except OSError as error:
        found = f"an operating system error: {error.strerror}"
        raise OutputError(path, found, "a file that can be written", "Free space or choose another place.") from error
