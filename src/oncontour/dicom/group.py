"""Files -> series -> stacks: planes that must not be stacked together are told apart, by rules with names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from oncontour.dicom.facts import DYNAMIC_REPEATS
from oncontour.dicom.header import Frame, Header
from oncontour.dicom.series import SAME_POSITION_MM, DicomSeries

SAME_ECHO_MS = 0.5
"""Echo times nearer than this are one echo: scanners write the true time of each slice, which wanders a little."""

COSINE_TOLERANCE = 1e-3
"""Planes whose direction cosines differ by less lie in parallel: 1e-3 moves the far corner of a head by 0.2 mm."""


@dataclass(frozen=True)
class Split:
    """A rule that tells planes of one series apart.

    Args:
        name: as labels and notes print it.
        classes: for each plane, which class it falls in.
    """

    name: str
    classes: Callable[[Sequence[Frame]], list[Hashable]]


def _by(key: Callable[[Frame], Hashable]) -> Callable[[Sequence[Frame]], list[Hashable]]:
    return lambda frames: [key(frame) for frame in frames]


def _echo(frames: Sequence[Frame]) -> list[Hashable]:
    times = sorted({frame.evidence.echo_time or 0.0 for frame in frames})
    number, previous, classes = 0, times[0], {}
    for time in times:
        number += time - previous > SAME_ECHO_MS
        classes[time] = number
        previous = time
    return [classes[frame.evidence.echo_time or 0.0] for frame in frames]


def _orientation(frames: Sequence[Frame]) -> list[Hashable]:
    known: list[tuple[float, ...] | None] = []

    def number(orientation: tuple[float, ...] | None) -> int:
        for n, other in enumerate(known):
            if orientation == other:
                return n
            if (
                orientation
                and other
                and max(abs(a - b) for a, b in zip(orientation, other, strict=True)) < COSINE_TOLERANCE
            ):
                return n
        known.append(orientation)
        return len(known) - 1

    return [number(frame.orientation) for frame in frames]


ALWAYS = (
    Split("matrix", _by(lambda f: (f.rows, f.columns, f.pixel_spacing))),
    Split("orientation", _orientation),
    Split("image type", _by(lambda f: (f.evidence.image_type, f.evidence.complex_component))),
    Split("b-value", _by(lambda f: f.evidence.b_value)),
    Split("echo", _echo),
)
"""Planes that differ in these are never one volume."""

WHERE_DOUBLED = (
    Split("time point", _by(lambda f: f.temporal_position)),
    Split("acquisition", _by(lambda f: f.acquisition_number)),
    Split("trigger time", _by(lambda f: f.trigger_time)),
    Split("inversion", _by(lambda f: f.evidence.inversion_time)),
    Split("flip angle", _by(lambda f: f.evidence.flip_angle)),
)
"""These vary within one volume too (slice packages, timed slices), so they split only where positions are doubled, and
only where one part then still holds every position."""


def group_series(headers: Sequence[Header]) -> tuple[DicomSeries, ...]:
    """The series of one study, split into what may be stacked, by series number."""
    by_uid: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_uid[header.series].append(header)
    ordered = sorted(by_uid.items(), key=lambda item: (_order(item[1][0]), item[0]))
    numbers = [group[0].series_number for _, group in ordered]
    series: list[DicomSeries] = []
    nameless = 0
    for n, (uid, group) in enumerate(ordered):
        number = numbers[n]
        if number is None:
            nameless += 1
            label = f"series without number {nameless}"
        else:
            twin = numbers[:n].count(number)
            label = f"series {number}" + (chr(ord("a") + twin % 26) if numbers.count(number) > 1 else "")
        series.extend(_stacks(uid, number, label, group))
    return tuple(series)


def _order(header: Header) -> float:
    return float("inf") if header.series_number is None else header.series_number


def _stacks(uid: str, number: int | None, label: str, headers: Sequence[Header]) -> list[DicomSeries]:
    headers, notes = _drop_copies(headers, label)
    frames = tuple(frame for header in headers for frame in header.frames)
    if not frames:
        return []
    parts = [DicomSeries(uid, number, label, frames, notes=notes)]
    for split in ALWAYS:
        parts = [piece for part in parts for piece in _split(part, split)]
    return [piece for part in parts for piece in _split_doubled(part)]


def _drop_copies(headers: Sequence[Header], label: str) -> tuple[list[Header], tuple[str, ...]]:
    """Keep one of several files that are the same object, byte for byte as long as each other."""
    kept: dict[Hashable, Header] = {}
    for header in headers:
        kept.setdefault((header.instance, header.path.stat().st_size) if header.instance else header.path, header)
    dropped = len(headers) - len(kept)
    return list(kept.values()), (f"{label}: {dropped} copies of the same files left out",) if dropped else ()


def _split(series: DicomSeries, split: Split) -> list[DicomSeries]:
    classes = split.classes(series.frames)
    parts: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame, value in zip(series.frames, classes, strict=True):
        parts[value].append(frame)
    if len(parts) == 1:
        return [series]
    note = f"{series.label}: split in {len(parts)} by {split.name}"
    return [
        replace(
            series,
            label=f"{series.label} {split.name} {n}/{len(parts)}",
            frames=tuple(part),
            notes=(*series.notes, note),
        )
        for n, part in enumerate(parts.values(), start=1)
    ]


def _places(frames: Sequence[Frame]) -> set[Hashable]:
    """Positions on a lattice finer than any spacing; planes without position are all at one place."""
    return {tuple(round(x / (10 * SAME_POSITION_MM)) for x in frame.position or ()) for frame in frames}


def _split_doubled(series: DicomSeries) -> list[DicomSeries]:
    places = len(_places(series.frames))
    if len(series.frames) == places:
        return [series]
    for split in WHERE_DOUBLED:
        parts = _split(series, split)
        if 1 < len(parts) <= DYNAMIC_REPEATS and max(len(_places(part.frames)) for part in parts) == places:
            return [piece for part in parts for piece in _split_doubled(part)]
    return [replace(series, repeats=round(len(series.frames) / places))]
