"""Where what readers add to a result is kept: a folder in the result's own, which no segmentation writes over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oncontour.data.locks import locked
from oncontour.pipeline.folders import READERS
from oncontour.review.results.result import Result


def review_folder(result: Result) -> Path:
    """The folder; it may not be there yet."""
    return result.folder / READERS


@contextmanager
def adding(result: Result) -> Iterator[Path]:
    """The folder, to add to: one writer at a time, be it in another process.

    Raises:
        OutputError: it cannot be made.
    """
    folder = review_folder(result)
    with locked(folder):
        yield folder
