"""A DICOM study as found -> the images to work on, with a decision on every series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from oncontour.core.errors import OncontourError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision, Image, Study
from oncontour.dicom.choose import Candidate, candidates, ranked, shortcoming
from oncontour.dicom.enhancement import CONFIDENCE, ENHANCING_RATIO, enhancing_ratio
from oncontour.dicom.identify import Finding
from oncontour.dicom.pixels import Reading, read_series
from oncontour.dicom.series import DicomStudy

Readings = dict[str, Reading | OncontourError]
"""What came of each series that was read, by label: every series is read once."""

_NOTHING_NAMED: Mapping[Sequence, str] = {}


def case_name(study: DicomStudy) -> str:
    """The folder's or zip's name, and a hash of the study's UID where that folder holds several studies."""
    root = study.root.resolve()
    name = root.stem if root.is_file() else root.name
    return name if study.alone else f"{name}-{sha256(study.uid.encode()).hexdigest()[:8]}"


def read_study(study: DicomStudy, use: Mapping[Sequence, str] = _NOTHING_NAMED, name: str | None = None) -> Study:
    """Identify every series, choose one for each sequence, read the chosen ones.

    A series that cannot be stacked gives way to the next candidate; the decision on it says what is wrong.

    Args:
        study: from `find_studies`.
        use: sequence -> series number or label as printed, taken instead of what the headers say.
        name: case name; default `case_name`.

    Raises:
        SequenceError: no series can be used, or `use` names none that is there.
        InputError, GeometryError, ImageContentError: a series named by `use` cannot be read.
    """
    readings: Readings = {}
    all_of = tuple(_settle_by_voxels(one, readings) for one in candidates(study.series, use))
    chosen: dict[Sequence, Candidate] = {}
    images: dict[Sequence, Image] = {}
    notes = list(study.notes)
    for sequence in Sequence:
        for one in ranked(all_of, sequence):
            reading = _read(one, readings)
            if isinstance(reading, Reading):
                chosen[sequence] = one
                images[sequence] = Image(sequence, reading.volume, one.series.label, reading.files, dicom=True)
                notes.extend(reading.notes)
                break
            if one.named:
                raise reading
            notes.append(f"{one.series.label} cannot be used: {reading}")
    if not images:
        raise _no_sequence(study, all_of, readings)
    notes.extend(_frames_of_reference(chosen))
    decisions = tuple(_decision(one, one in chosen.values(), readings) for one in all_of)
    return Study(name or case_name(study), images, decisions, tuple(dict.fromkeys(notes)))


def _read(one: Candidate, readings: Readings) -> Reading | OncontourError:
    label = one.series.label
    if label not in readings:
        try:
            readings[label] = read_series(one.series)
        except OncontourError as error:
            readings[label] = error
    return readings[label]


def _settle_by_voxels(one: Candidate, readings: Readings) -> Candidate:
    """A T1 series whose contrast neither headers nor order in time tell: look at the voxels, in the last resort."""
    if one.finding.contrast_known or shortcoming(one.series):
        return one
    reading = _read(one, readings)
    ratio = enhancing_ratio(reading.volume) if isinstance(reading, Reading) else None
    if ratio is None:
        return one
    sequence = Sequence.T1CE if ratio > ENHANCING_RATIO else Sequence.T1
    told = "stand out as after contrast" if sequence is Sequence.T1CE else "do not stand out as after contrast"
    why = f"{one.finding.why}; its voxels {told} (ratio {ratio:.2f}, limit {ENHANCING_RATIO:g}), which is weak evidence"
    confidence = round(min(1.0, 2 * one.finding.confidence) * CONFIDENCE, 2)
    return replace(one, finding=Finding(sequence.value, sequence, False, why, confidence))


def _decision(one: Candidate, used: bool, readings: Readings) -> Decision:
    finding, sequence = one.finding, one.finding.sequence
    reason = f"{finding.kind}: {finding.why}"
    failure = readings.get(one.series.label)
    if sequence is not None and not used:
        if isinstance(failure, OncontourError):
            reason += f"; not used: {failure.found}"
        else:
            reason += f"; not used: {shortcoming(one.series) or 'another series serves better'}"
    return Decision(one.series.label, sequence, used, reason, finding.confidence)


def _frames_of_reference(chosen: Mapping[Sequence, Candidate]) -> list[str]:
    frames = {sequence: one.series.frames[0].frame_of_reference for sequence, one in chosen.items()}
    count = len(set(frames.values()))
    if count < 2:
        return []
    names = ", ".join(frames)
    return [f"{names} lie in {count} different frames of reference: only registration can bring them together"]


def _no_sequence(study: DicomStudy, all_of: tuple[Candidate, ...], readings: Readings) -> SequenceError:
    counts: Counter[str] = Counter()
    for one in all_of:
        failure = readings.get(one.series.label)
        short = shortcoming(one.series) if one.finding.sequence else ""
        flaw = failure.found if isinstance(failure, OncontourError) else short
        counts[f"{one.finding.kind} ({flaw})" if flaw else one.finding.kind] += 1
    found = f"{len(all_of)} series, none of which can be used: "
    found += "; ".join(f"{count} x {kind}" for kind, count in counts.most_common())
    expected = "at least one of T1, T1CE, T2, FLAIR, ADC that covers the brain"
    return SequenceError(case_name(study), found, expected, "Name a series yourself with --use SEQUENCE=SERIES.")
