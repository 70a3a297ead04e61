"""Tiny studies with the headers that `oncontour phantom --dicom` writes: two sequences of a few small slices."""

from __future__ import annotations

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
    return Study(images[0].StudyInstanceUID, tuple(images))
