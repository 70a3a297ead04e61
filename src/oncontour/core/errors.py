"""Every error that Oncontour raises on purpose.

    OncontourError                 base: what was looked at, found, expected, and what to do
    ├── InputError                 a file or folder given by the user cannot be used
    │   ├── NotAStudyError         nothing in it is a brain MRI study
    │   ├── MixedPatientsError     one folder holds more than one patient
    │   └── IncompleteSeriesError  slices missing, doubled, mixed or truncated
    ├── GeometryError              an affine or a grid that no scanner can have made
    ├── ImageContentError          voxels that cannot be an image (NaN, constant, 4-D)
    ├── SequenceError              the sequences needed are not there
    ├── BundleError                a model bundle is damaged or of another version
    ├── TrainingError              a training cannot go on (NaN loss, no memory left)
    └── OutputError                a result could not be written, or did not read back as written

A message never carries a patient's name, identifier, dates or free-text descriptions.
"""

from __future__ import annotations

from pathlib import Path


class OncontourError(Exception):
    """An error that says what it looked at, what it found, what it expected, and what to do.

    Args:
        where: the file, folder, series or argument concerned.
        found: what is there, with its value.
        expected: what should have been there.
        remedy: what the user can do about it.
    """

    def __init__(self, where: str | Path, found: str, expected: str, remedy: str) -> None:
        self.where = str(where)
        self.found = found
        self.expected = expected
        self.remedy = remedy
        super().__init__(f"{self.where}: found {found}; expected {expected}. {remedy}")

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        return type(self), tuple(self.parts.values())

    @property
    def parts(self) -> dict[str, str]:
        """Its arguments by name; another error is made of them again."""
        return {"where": self.where, "found": self.found, "expected": self.expected, "remedy": self.remedy}

    def as_json(self) -> dict[str, str]:
        """Its kind and its parts, for programs."""
        return {"kind": type(self).__name__, **self.parts}


class InputError(OncontourError):
    """A file or folder given by the user cannot be used."""


class NotAStudyError(InputError):
    """Nothing in the input is a brain MRI study."""


class MixedPatientsError(InputError):
    """One folder holds more than one patient."""


class IncompleteSeriesError(InputError):
    """A series has missing, doubled, mixed or truncated slices."""


class GeometryError(OncontourError):
    """An affine or a grid that no scanner can have made."""


class ImageContentError(OncontourError):
    """Voxels that cannot be an image: NaN, constant, or of the wrong number of axes."""


class SequenceError(OncontourError):
    """The sequences that a step needs are not there."""


class BundleError(OncontourError):
    """A model bundle is damaged, incomplete or of another version."""


class TrainingError(OncontourError):
    """A training cannot go on: a loss that is no number, no memory left, jobs that failed."""


class OutputError(OncontourError):
    """A result could not be written, or did not read back as written."""
