"""A DICOM study and its series, as found, before any pixel is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from oncontour.dicom.header import Evidence, Frame

SAME_POSITION_MM = 0.01
"""Two planes nearer than this lie at one place; the finest slice spacing of any brain scan is 20 times wider."""


@dataclass(frozen=True)
class DicomSeries:
    """Planes that may be stacked into one volume.

    Args:
        uid: SeriesInstanceUID.
        number: SeriesNumber, None where absent.
        label: how messages name it, such as "series 5" or "series 5 echo 2/4". Holds no free text.
        frames: its planes, in no order.
        repeats: images at one position that no header attribute tells apart well enough to split them.
        notes: what was done to make it one stack, in words.
    """

    uid: str = field(repr=False)
    number: int | None
    label: str
    frames: tuple[Frame, ...] = field(repr=False)
    repeats: int = 1
    notes: tuple[str, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """How the images were made; grouping has seen to it that one plane speaks for all."""
        return self.frames[0].evidence

    @cached_property
    def acquired(self) -> float:
        """When it began, in seconds; minus infinity where no header says."""
        return min((f.evidence.acquired for f in self.frames if f.evidence.acquired is not None), default=float("-inf"))

    @cached_property
    def depths(self) -> NDArray[np.float64]:
        """Sorted distinct positions along the slice normal in mm; empty where headers give none."""
        located = [f for f in self.frames if f.position and f.orientation]
        if not located:
            return np.empty(0)
        orientation = np.array(located[0].orientation)
        normal = np.cross(orientation[:3], orientation[3:])
        depths = np.sort(np.array([f.position for f in located]) @ normal)
        return depths[np.r_[True, np.diff(depths) > SAME_POSITION_MM]]

    @cached_property
    def slices(self) -> int:
        """Number of slices."""
        return max(len(self.depths), self.frames[0].mosaic_tiles)

    @cached_property
    def slice_spacing(self) -> float:
        """Distance between slices in mm; of a single slice its thickness, 0 where unknown."""
        if len(self.depths) > 1:
            return float(np.median(np.diff(self.depths)))
        first = self.frames[0]
        return first.spacing or first.thickness or 0.0

    @cached_property
    def coverage(self) -> float:
        """Extent across the slices in mm."""
        return self.slices * self.slice_spacing


@dataclass(frozen=True)
class DicomStudy:
    """One study, found in a folder or zip.

    Args:
        uid: StudyInstanceUID.
        root: the folder or zip as the user named it.
        series: by series number.
        alone: whether the root holds no other study.
        notes: files that were skipped, and other studies, in counts.
    """

    uid: str = field(repr=False)
    root: Path
    series: tuple[DicomSeries, ...]
    alone: bool = True
    notes: tuple[str, ...] = ()
