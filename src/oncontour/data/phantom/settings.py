"""How a synthetic cohort is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from oncontour.core.errors import InputError
from oncontour.core.sequence import SUFFICIENT, Sequence
from oncontour.data.phantom.kinds import kind_named

Format = Literal["nifti", "dicom"]

MNI = "mni152"
"""The anatomy that needs no file of the user's."""


@dataclass(frozen=True)
class Settings:
    """How a cohort's cases are made.

    Args:
        kind: of patients, see `oncontour.data.phantom.kinds.KINDS`.
        spacing_mm: of the isotropic grid.
        skull: whole heads, or brains alone.
        tumour: whether there is one.
        format: "nifti" or "dicom".
        native: every series in a geometry of its own, 2D series with thick oblique slices, the patient moving between.
        second_rater: write a second reader's mask too.
        without: sequences left out of every case.
        drop_rate: share of cases that lack one sequence or more, at random.
        one_scanner: contrasts nearly alike in all cases, rather than as wide apart as a model must bear.
    """

    kind: str = "adult"
    spacing_mm: float = 1.0
    skull: bool = False
    tumour: bool = True
    format: Format = "nifti"
    native: bool = False
    second_rater: bool = False
    without: tuple[Sequence, ...] = ()
    drop_rate: float = 0.0
    one_scanner: bool = False

    def __post_init__(self) -> None:
        if not 0.4 <= self.spacing_mm <= 8.0:
            raise InputError("spacing", f"{self.spacing_mm:g} mm", "0.4 to 8 mm", "Give the size of a voxel in mm.")
        if not 0.0 <= self.drop_rate <= 1.0:
            raise InputError("drop rate", f"{self.drop_rate:g}", "0 to 1", "Give a share of cases.")
        left = [one for one in kind_named(self.kind).sequences if one not in self.without]
        if not set(left) & set(SUFFICIENT):
            found = f"only {', '.join(left) or 'nothing'} left"
            raise InputError("sequences", found, f"one of {', '.join(SUFFICIENT)}", "Leave fewer sequences out.")


def case_name(settings: Settings, seed: int) -> str:
    """Name of a case.

    >>> case_name(Settings("adc"), 7)
    'adc-00007'
    """
    return f"{settings.kind}-{seed:05d}"


def made_with(settings: Settings, sources: tuple[str, ...]) -> dict[str, Any]:
    """Settings and anatomies as JSON gives them back."""
    return {**asdict(settings), "without": list(settings.without), "anatomies": [anatomy_name(one) for one in sources]}


def anatomy_name(source: str) -> str:
    return Path(source).name.removesuffix(".nii.gz")
