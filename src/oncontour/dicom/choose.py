"""Choose one series for each sequence, and settle what single headers leave open by what the study says as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from oncontour.core.errors import SequenceError
from oncontour.core.sequence import Sequence
from oncontour.dicom.facts import NO_AGENT, facts_of
from oncontour.dicom.identify import Finding, weigh
from oncontour.dicom.series import DicomSeries

MINIMUM_SLICES = 5
"""Fewer slices hold no brain, whatever their thickness."""

MINIMUM_COVERAGE_MM = 40.0
"""A slab thinner than this holds no tumour with its surroundings; the flattest infant brain is twice as high."""

WHOLE_BRAIN_MM = 100.0
"""Slices over at least this extent are a whole brain, or nearly."""

RELIABLE = 0.65
"""Below this confidence a series is only taken where no better-founded one is there."""

AFTER_KNOWN_CONTRAST_CONFIDENCE = 0.75
"""Order in time is sound evidence, but clocks and re-sent series can spoil it."""


@dataclass(frozen=True)
class Candidate:
    """A series and what it is taken for."""

    series: DicomSeries
    finding: Finding
    named: bool = False


def candidates(series: tuple[DicomSeries, ...], use: Mapping[Sequence, str]) -> tuple[Candidate, ...]:
    """Every series with its finding: the user's word first, then header evidence, then order in time.

    Args:
        series: all of a study.
        use: sequence -> series number or label, as printed.

    Raises:
        SequenceError: `use` names a series that is not there.
    """
    named = {sequence: _named(series, sequence, wanted) for sequence, wanted in use.items()}
    result = []
    for one in series:
        finding = weigh(one)
        sequence = next((sequence for sequence, those in named.items() if one in those), None)
        if sequence is not None:
            why = f"named by the user; headers say {finding.kind} ({finding.why})"
            finding = Finding(sequence.value, sequence, True, why, 1.0)
        elif finding.sequence in named:
            finding = replace(finding, why=f"{finding.why}; the user named another series for it")
        result.append(Candidate(one, finding, sequence is not None))
    return _order_in_time(tuple(result))


def _named(series: tuple[DicomSeries, ...], sequence: Sequence, wanted: str) -> tuple[DicomSeries, ...]:
    text = wanted.strip().lower().removeprefix("series").strip()
    exact = tuple(one for one in series if one.label.lower() == f"series {text}")
    found = exact or tuple(one for one in series if text.isdecimal() and one.number == int(text))
    if not found:
        known = ", ".join(one.label for one in series)
        remedy = f"Name the series for {sequence} as the list of decisions prints it."
        raise SequenceError(f"use {sequence}={wanted}", "no such series", f"one of: {known}", remedy)
    return found


def _order_in_time(all_of: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """T1 series of unknown contrast: before the first series known to be after contrast T1, after it T1CE."""
    given = [one.series.acquired for one in all_of if _shows_contrast(one) and one.series.acquired > float("-inf")]
    if not given:
        return all_of
    first = min(given)

    def settled(one: Candidate) -> Candidate:
        if one.finding.contrast_known or one.series.acquired in (float("-inf"), first):
            return one  # one time for all is what some anonymisers leave
        after = one.series.acquired >= first
        sequence = Sequence.T1CE if after else Sequence.T1
        when = "after" if after else "before"
        why = f"{one.finding.why}, but it was acquired {when} the first series that shows contrast"
        confidence = round(min(1.0, 2 * one.finding.confidence) * AFTER_KNOWN_CONTRAST_CONFIDENCE, 2)
        return replace(one, finding=Finding(sequence.value, sequence, True, why, confidence))

    return tuple(settled(one) for one in all_of)


def _shows_contrast(one: Candidate) -> bool:
    if one.finding.sequence is Sequence.T1CE:
        return True
    facts = facts_of(one.series.evidence, one.series.repeats)
    return "word after contrast" in facts or (
        one.series.evidence.contrast_agent not in NO_AGENT and "word before contrast" not in facts
    )


def shortcoming(series: DicomSeries) -> str:
    """Why a series cannot serve for its extent, "" where it can."""
    if series.slices < MINIMUM_SLICES:
        return f"only {series.slices} slice{'s' if series.slices != 1 else ''}"
    if 0 < series.coverage < MINIMUM_COVERAGE_MM and not series.frames[0].mosaic_tiles:
        return f"a slab of only {series.coverage:.0f} mm"
    return ""


def preference(one: Candidate) -> tuple:
    """Sorting key of candidates for one sequence, best first.

    Named by the user, reliable, whole brain, 3D over 2D, thinner slices, more complete, latest.
    """
    series = one.series
    return (
        not one.named,
        one.finding.confidence < RELIABLE,
        "DERIVED" in series.evidence.image_type and one.finding.sequence is not Sequence.ADC,
        series.coverage < WHOLE_BRAIN_MM,
        series.evidence.acquisition_type != "3D",
        round(series.slice_spacing, 1),
        -round(series.coverage, -1),
        -series.acquired,
        series.label,
    )


def ranked(all_of: tuple[Candidate, ...], sequence: Sequence) -> tuple[Candidate, ...]:
    """Candidates for a sequence that are extensive enough, best first; where the user named one, that one alone."""
    ours = [one for one in all_of if one.finding.sequence is sequence]
    named = [one for one in ours if one.named]
    return tuple(sorted(named or [one for one in ours if not shortcoming(one.series)], key=preference))
