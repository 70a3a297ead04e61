"""What a study is once it has been read: images by sequence, and how each was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume


@dataclass(frozen=True)
class Decision:
    """What was decided about one series or file, and why. Holds no free text from the header.

    Args:
        series: how to name it without a patient's data: "series 4" or a file's name.
        sequence: what it shows, None where it is not one of ours (localiser, perfusion, ...).
        used: whether it went into the study.
        reason: the evidence in words.
        confidence: 0 to 1.
    """

    series: str
    sequence: Sequence | None
    used: bool
    reason: str
    confidence: float


@dataclass(frozen=True)
class Image:
    """One sequence of a study.

    Args:
        sequence: what it shows.
        volume: (i, j, k) float32 and its affine, in its native grid.
        source: how to name it without a patient's data.
        files: DICOM: one file for each slice along the volume's last axis, in its order, none for a slice that was
            bridged (one file alone for an enhanced multi-frame object). NIfTI: the one file.
        dicom: whether the files are DICOM.
    """

    sequence: Sequence
    volume: Volume
    source: str
    files: tuple[Path, ...]
    dicom: bool


@dataclass(frozen=True)
class Study:
    """A study ready for work.

    Args:
        name: case name: the folder's or file's name, without a patient's data from headers.
        images: the chosen image of each sequence.
        decisions: one entry for every series looked at.
        notes: assumptions and repairs, in words, for the report.
    """

    name: str
    images: Mapping[Sequence, Image]
    decisions: tuple[Decision, ...] = ()
    notes: tuple[str, ...] = field(default=())
