"""Which cases can be looked at, and where their images are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os.path import commonpath
from pathlib import Path
from typing import Protocol

from oncontour.core.errors import InputError
from oncontour.data.inputs import CaseInput, find_cases, safe_name
from oncontour.review.results.result import Result, find_results


class Cases(Protocol):
    """Some cases.

    Attributes:
        live: whether more come, and what is said of them changes, while people look.
    """

    live: bool

    def results(self) -> Mapping[str, Result]:
        """Each by its name, in the order of the list. The same object for as long as it is the same result."""
        ...

    def images(self, name: str) -> CaseInput:
        """Where the images of one are.

        Raises:
            InputError: nobody knows.
        """
        ...

    def marked(self, name: str, useful: bool, by: str, reason: str) -> None:
        """A reader has said what the model's own result is worth."""
        ...


class FolderCases:
    """Those in a folder of results.

    Args:
        folder: OUT of `oncontour segment`, or the folder of one case.
        studies: what was segmented, as it was given to `oncontour segment`, or a folder around it; images are read from
            there.
        temporary: an empty folder for what has to be unpacked.

    Raises:
        InputError: there is none.
    """

    live = False

    def __init__(self, folder: Path, studies: Iterable[Path], temporary: Path) -> None:
        self._results = find_results(folder)
        inputs = find_cases(studies, temporary)
        around = {_folder_name(case): case for case in inputs if case.files}
        self._inputs = around | {case.name: case for case in inputs}

    def results(self) -> Mapping[str, Result]:
        """Those that were there at the beginning."""
        return self._results

    def images(self, name: str) -> CaseInput:
        """Of the study of that name."""
        if name not in self._inputs:
            found = f"no images among {', '.join(self._inputs) or 'no studies'}"
            remedy = "Start the page with --studies and the paths that `oncontour segment` was given."
            raise InputError(name, found, "the study that was segmented", remedy)
        return self._inputs[name]

    def marked(self, name: str, useful: bool, by: str, reason: str) -> None:
        """Nobody else is to be told."""


def _folder_name(case: CaseInput) -> str:
    """What the case is called where the folder that holds its files alone is given."""
    return safe_name(Path(commonpath(file.parent for file in case.files)).name)
