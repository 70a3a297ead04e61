"""Whole heads, each time as another patient's study."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import generate_uid

OWN_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID")


def make_heads(folder: Path, number: int, seed: int) -> list[Path]:
    """Phantom heads with their skulls as four series of DICOM each; a folder for each."""
    command = ["phantom", str(folder), "--cases", str(number), "--skull", "--dicom", "--seed", str(seed)]
    subprocess.run([sys.executable, "-m", "oncontour", *command], check=True, capture_output=True)
    return sorted((folder / "cases").iterdir())


def renewed(head: Path, folder: Path) -> list[Path]:
    """The images of a study with UIDs of their own, as an adult's, in an empty folder.

    Args:
        folder: made anew.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    uids: dict[str, str] = {}
    files = []
    for number, path in enumerate(sorted(head.rglob("*.dcm"))):
        image = dcmread(path)
        for name in OWN_UIDS:
            if name in image:
                image[name].value = uids.setdefault(image[name].value, generate_uid())
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        image.PatientAge = "045Y"
        files.append(folder / f"{number:04d}.dcm")
        image.save_as(files[-1])
    return files


def size_mb(files: Sequence[Path]) -> float:
    """Of all."""
    return sum(file.stat().st_size for file in files) / 1e6
