"""What the user says about a model to import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oncontour.core.sequence import Sequence as Image


@dataclass(frozen=True)
class Wishes:
    """What the user says, where a model leaves it open.

    Args:
        name: of the bundle; None: from the model.
        channels: sequences in the order of the channels; None: read their names.
        folds: such as ("0", "all"); empty: all there are.
        checkpoint: file in each fold's folder; None: the final one.
        previous: folder of the coarse model that a cascade needs; None: look beside the model.
        dataset: dataset.json for a model that lacks one.
    """

    name: str | None = None
    channels: tuple[Image, ...] | None = None
    folds: tuple[str, ...] = ()
    checkpoint: str | None = None
    previous: Path | None = None
    dataset: Path | None = None
