"""Result folders: a case's files appear together, or not at all, and nobody else's files are ever touched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oncontour.core.errors import OncontourError, OutputError
from oncontour.data.files import explained, write_json

DICOM_FILES = frozenset({"seg.dcm", "sr.dcm", "report.dcm", "overlay"})

RESULT_FILES = frozenset(
    {
        "segmentation.nii.gz",
        "regions.nii.gz",
        "measurements.json",
        "quality.json",
        "transforms.json",
        "report.html",
        "report.pdf",
        "report-macro.txt",
        "provenance.json",
        "error.json",
        *DICOM_FILES,
    }
)
"""Every name that a result folder may hold. A folder that holds any other was not made here, or was added to."""


def prepare_out(out: Path) -> None:
    """Make the output folder and try a write.

    Raises:
        OutputError: it cannot be made or written to.
    """
    trial = out / ".oncontour.part"
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()


READERS = "review"
"""Marks and versions of readers (`oncontour review`): made by people, so nothing is written over them."""

VERSIONS = "versions"
"""Of these, the folder of versions."""


@contextmanager
def result_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the name `folder` when the block ends well and vanishes when it does not.

    An older result of that name is replaced as a whole.

    Raises:
        OutputError: disk full, no permission, or a folder of that name that holds somebody else's files.
    """
    part, old = (folder.with_name(f".{folder.name}.{suffix}") for suffix in ("part", "old"))
    with explained(folder):
        if old.exists() and not folder.exists():
            old.rename(folder)  # A run was killed between the two renames below.
        _check_ours(folder)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
    try:
        yield part
        with explained(folder):
            shutil.rmtree(old, ignore_errors=True)
            if folder.exists():
                folder.rename(old)
            part.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_error(folder: Path, error: OncontourError) -> None:
    """Leave error.json, and nothing else, in a case's result folder."""
    with result_folder(folder) as part:
        write_json(part / "error.json", {"message": str(error), **error.as_json()})


def _check_ours(folder: Path) -> None:
    if not folder.exists():
        return
    foreign = sorted(entry.name for entry in folder.iterdir() if entry.name not in RESULT_FILES)
    if foreign:
        found = f"{len(foreign)} files that are no result of Oncontour ({foreign[0]}, ...)"
        remedy = "Give another folder with --out, or move those files away."
        if foreign == [READERS]:
            found = f"what readers added ({READERS}/)"
            remedy = f"Give another folder with --out, or move {READERS}/ away."
        raise OutputError(folder, found, "a new folder, or an older result", remedy)
