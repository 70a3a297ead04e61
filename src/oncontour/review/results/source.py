"""A case's images, each read when it is first asked for where it is a file of its own, all at once where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from oncontour.core.sequence import Sequence
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.data.inputs import CaseInput
from oncontour.data.nifti import is_nifti, read_nifti
from oncontour.review.results.result import Result


class Source:
    """The images of a case, as `oncontour segment` chose them.

    Args:
        result: says which series was used for which sequence.
        case: where they are.
    """

    def __init__(self, result: Result, case: CaseInput) -> None:
        self.name = case.name
        self._case, self._files = case, _files(result, case)

    def volume(self, sequence: Sequence) -> Volume | None:
        """An image in its native grid; None where the study has none of that sequence.

        Raises:
            OncontourError: it cannot be read.
        """
        if self._files:
            return read_nifti(self._files[sequence]) if sequence in self._files else None
        image = self._study.images.get(sequence)
        return image.volume if image else None

    @property
    def sequences(self) -> tuple[Sequence, ...]:
        """What there is."""
        return tuple(self._files or self._study.images)

    @cached_property
    def _study(self) -> Study:
        return self._case.read()


def _files(result: Result, case: CaseInput) -> Mapping[Sequence, Path]:
    """The file of each sequence; none at all unless each that was used is a NIfTI file of its own."""
    files = {path.name: path for path in case.files if is_nifti(path)}
    used = [one for one in result.quality.get("series", ()) if one["used"]]
    if any(one["series"] not in files for one in used):
        return {}
    return {Sequence(one["sequence"]): files[one["series"]] for one in used}
