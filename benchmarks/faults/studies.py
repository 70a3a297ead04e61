"""Tiny studies with the headers that `oncontour phantom --dicom` writes: two sequences of a few small slices."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence as Many
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileDataset

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.node.spool.uids import token

SHAPE = (16, 16, 9)
"""Fewer than eight slices are no volume to the rules, and one may be left out."""
SLICE_MM = 5.0
NAME = "Quixote^Fault"
"""The patient's, which no log may hold."""


@dataclass(frozen=True)
class Study:
    """A study as the scanner has it.

    Args:
        uid: Study Instance UID.
        images: data sets, in the order in which they are sent.
    """

    uid: str
    images: tuple[FileDataset, ...]

    @property
    def token(self) -> str:
        """Its name in the node."""
        return token(self.uid)

    @property
    def counts(self) -> dict[str, int]:
        """Images of each series."""
        found: dict[str, int] = {}
        for image in self.images:
            found[image.SeriesInstanceUID] = found.get(image.SeriesInstanceUID, 0) + 1
        return found


def make_study(folder: Path, number: int, seed: int, *, age: str = "045Y", modality: str = "MR") -> Study:
    """A study like no other.

    Args:
        folder: for its files, which are read back.
        age: PatientAge.
    """
    made = SyntheticStudy(f"fault-{number:04d}", seed)
    draw = np.random.default_rng((seed, number))
    affine = np.diag((10.0, 10.0, SLICE_MM, 1.0))
    images = []
    for place, sequence in enumerate((Sequence.T1CE, Sequence.FLAIR), start=1):
        volume = Volume(draw.random(SHAPE).astype(np.float32), affine)
        for file in write_series(volume, folder / str(number), sequence=sequence, number=place, study=made):
            image = dcmread(file)
            image.PatientAge, image.Modality, image.PatientName = age, modality, NAME
            images.append(image)
    return _study(images)


def make_heads(folder: Path, number: int, seed: int) -> list[Study]:
    """Whole phantom heads for the real pipeline."""
    command = ["phantom", str(folder), "--cases", str(number), "--skull", "--dicom", "--seed", str(seed)]
    subprocess.run([sys.executable, "-m", "oncontour", *command], check=True, capture_output=True)
    heads = []
    for case in sorted((folder / "cases").iterdir()):
        images = [dcmread(file) for file in sorted(case.rglob("*.dcm"))]
        for image in images:
            image.PatientAge, image.PatientName = "045Y", NAME
        heads.append(_study(images))
    return heads


def _study(images: Many[FileDataset]) -> Study:
    return Study(str(images[0].StudyInstanceUID), tuple(images))
