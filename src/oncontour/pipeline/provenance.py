"""Where a result came from: files by hash, versions, choices. Two equal records mean the same result."""

from __future__ import annotations

import hashlib
import json
import platform
import resource
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import oncontour
from oncontour.core.errors import InputError
from oncontour.core.versions import installed
from oncontour.data.files import file_digest
from oncontour.data.nifti import is_nifti
from oncontour.pipeline.options import Options

REPORTED_PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "nibabel",
    "pydicom",
    "highdicom",
    "SimpleITK",
    "connected-components-3d",
)
"""Packages whose version can change a result."""

RECORD_NAME = "provenance.json"


def file_records(files: Iterable[Path]) -> list[dict[str, Any]]:
    """Name, size in bytes and SHA-256 of each NIfTI file; of all DICOM files together, without their names.

    DICOM files come by the hundred, and some exports name them after the patient.

    Raises:
        InputError: a file that cannot be read.
    """
    records, dicom, size = [], [], 0
    for path in files:
        try:
            digest, bytes_ = file_digest(path), path.stat().st_size
        except OSError as error:
            found = f"a file that cannot be read ({error.strerror})"
            raise InputError(path, found, "a readable file", "Check the file and its permissions.") from error
        if is_nifti(path):
            records.append({"file": path.name, "bytes": bytes_, "sha256": digest})
        else:
            dicom.append(digest)
            size += bytes_
    if dicom:
        together = hashlib.sha256("".join(sorted(dicom)).encode()).hexdigest()
        records.append({"dicom_files": len(dicom), "bytes": size, "sha256_of_sorted_sha256": together})
    return records


def is_done(folder: Path, record: dict[str, Any]) -> bool:
    """Whether a result folder holds the result of exactly this record."""
    try:
        stored = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stored == record


def versions() -> dict[str, str]:
    """Versions of Oncontour, Python, the packages that matter, and the kind of machine."""
    there = installed(REPORTED_PACKAGES)
    return {
        "oncontour": oncontour.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{package: there.get(package, "absent") for package in REPORTED_PACKAGES},
    }


def peak_memory_gib() -> float:
    """The most memory that this process has held so far, in GiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes (getrusage(2) of each).
    return peak / 2**30 if sys.platform == "darwin" else peak / 2**20


def case_record(files: Iterable[Path], options: Options, bundles: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a case's result depends on.

    Raises:
        InputError: a file that cannot be read.
    """
    masks = [options.brain_mask] if options.brain_mask else []
    return {
        "oncontour": oncontour.__version__,
        "inputs": file_records(files),
        "brain_mask": file_records(masks),
        "options": options.record(),
        "bundles": dict(bundles),
    }
