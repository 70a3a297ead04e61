"""What a data set is once its layout has been found: cases with their patients, files and labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets.labels import Convention

SPLIT, TEST = "split", "test"
"""The column of a case, and its value, that keep it out of training."""


@dataclass(frozen=True)
class ImageFile:
    """One image on disk.

    Args:
        path: a NIfTI file, or a .mha.
        channel: which of its images, where the file holds several; None: the only one.
    """

    path: Path
    channel: int | None = None


@dataclass(frozen=True)
class DatasetCase:
    """One case.

    Args:
        name: letters, digits, dot, underscore and hyphen; no other case of the data set has it.
        patient: who it is of; cases of one patient never part in a split.
        images: the file of each sequence.
        mask: the expert's label map; None where there is none.
        columns: whatever else a table says of the case.
        raters: label maps of several experts, by name.
    """

    name: str
    patient: str
    images: Mapping[Sequence, ImageFile]
    mask: ImageFile | None
    columns: Mapping[str, str] = field(default_factory=dict)
    raters: Mapping[str, ImageFile] = field(default_factory=dict)

    @property
    def files(self) -> Iterator[tuple[str, ImageFile]]:
        """What each file is ("T1", ..., "mask") and the file."""
        for sequence, file in self.images.items():
            yield str(sequence), file
        if self.mask is not None:
            yield "mask", self.mask
        for rater, file in self.raters.items():
            yield f"mask of {rater}", file


@dataclass(frozen=True)
class Dataset:
    """Cases of one layout and one label scheme.

    Args:
        name: its folder's, or file's.
        scheme: name of the label scheme (`core.labels.SCHEMES`) that masks are mapped to when read.
        cases: sorted by name.
        root: where it lies.
        layout: the layout's name, such as "BraTS 2021".
        conventions: what the stored values may mean: a mask is read by the first that has all its values.
        zeros_are_absent: whether an image of zeros stands for a sequence that the case lacks, as where every case must
            have every channel (MSD, nnU-Net).
        left_out: why other cases could not be used.
    """

    name: str
    scheme: str
    cases: tuple[DatasetCase, ...]
    root: Path
    layout: str = ""
    conventions: tuple[Convention, ...] = ()
    zeros_are_absent: bool = False
    left_out: tuple[OncontourError, ...] = field(default=(), compare=False)

    def case(self, name: str) -> DatasetCase:
        """The case of that name.

        Raises:
            InputError: there is none.
        """
        for case in self.cases:
            if case.name == name:
                return case
        expected = f"one of its {len(self.cases)} cases"
        raise InputError(self.root, f"no case {name!r}", expected, "Correct the name, or restore the case.")

    @property
    def labelled(self) -> tuple[DatasetCase, ...]:
        """The cases that can be trained on: with a mask, and not set apart for a test."""
        return tuple(case for case in self.cases if case.mask is not None and case.columns.get(SPLIT) != TEST)

    @property
    def sequences(self) -> tuple[Sequence, ...]:
        """Every sequence that some case has."""
        return tuple(sequence for sequence in Sequence if any(sequence in case.images for case in self.cases))

    def digest(self) -> str:
        """SHA-256 of the list of files: case, what it is, path within the data set, size in bytes.

        The voxels are not read: it tells in seconds that files came, went or changed their size. A file that is not
        there counts as one of no size.
        """
        lines = [
            "\t".join((case.name, what, self._place(file.path), str(file.channel), str(_size(file.path))))
            for case in self.cases
            for what, file in case.files
        ]
        return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8")).hexdigest()

    def _place(self, path: Path) -> str:
        """The path within the data set, so that a data set that was moved stays the same; outside it the name alone."""
        root = self.root if self.root.is_dir() else self.root.parent
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
