"""What rules may ask about a study, read from its headers once."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oncontour.core.sequence import Sequence as MrSequence
from oncontour.dicom.choose import Candidate, candidates, shortcoming
from oncontour.dicom.facts import NO_AGENT
from oncontour.dicom.find import may_be_brain
from oncontour.dicom.group import group_series
from oncontour.dicom.header import Header, looks_like_dicom, read_header

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Contrast = Literal["given", "not given", "unknown"]

_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
"""Days in the units of an age (PS3.5 table 6.2-1)."""

_OF_THE_STUDY = ("StudyDescription", "PatientAge", "PatientBirthDate", "StudyDate")


@dataclass(frozen=True)
class StudyFacts:
    """What is known of a study before any of it is computed. Its texts never show in a `repr`.

    Args:
        sender: AE title that it came from, "" where it came another way.
        description: StudyDescription.
        protocols, series: ProtocolName and SeriesDescription of its series, without doubles.
        body_parts, modalities: of its series, in capitals.
        age_years: of the patient when scanned, None where no header says.
        brain: whether any MR image in it may be one of a head.
        sequences: that identification found, in series large enough to be used.
        contrast: "given" where a T1 after contrast or an agent was found, "unknown" where a T1 may be either.
        tags: values of other elements that rules name, by keyword.
    """

    sender: str = ""
    description: str = field(default="", repr=False)
    protocols: tuple[str, ...] = field(default=(), repr=False)
    series: tuple[str, ...] = field(default=(), repr=False)
    body_parts: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    age_years: float | None = None
    brain: bool = True
    sequences: frozenset[MrSequence] = frozenset()
    contrast: Contrast = "unknown"
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def read_facts(files: Iterable[Path], sender: str = "", tags: Collection[str] = ()) -> StudyFacts:
    """Facts of one study's files, from headers alone; files that are no DICOM objects say nothing.

    Args:
        tags: keywords of further elements, from `rules.RuleSet.tags`.
    """
    headers = [header for header in map(_header, files) if header is not None]
    found = candidates(group_series(headers), {})
    firsts = {header.series: header for header in reversed(headers)}.values()
    datasets = [_dataset(header, tags) for header in firsts]
    evidence = [header.frames[0].evidence for header in headers if header.frames]
    return StudyFacts(
        sender=sender,
        description=next((text for text in _texts(datasets, "StudyDescription")), ""),
        protocols=_texts(datasets, "ProtocolName"),
        series=_texts(datasets, "SeriesDescription"),
        body_parts=tuple(dict.fromkeys(one.body_part for one in evidence if one.body_part)),
        modalities=tuple(dict.fromkeys(header.modality for header in headers if header.modality)),
        age_years=next((age for age in map(_age, datasets) if age is not None), None),
        brain=any(map(may_be_brain, headers)),
        sequences=frozenset(
            one.finding.sequence for one in found if one.finding.sequence and not shortcoming(one.series)
        ),
        contrast=_contrast(found),
        tags={tag: _texts(datasets, tag) for tag in tags},
    )


def _header(file: Path) -> Header | None:
    try:
        return read_header(file) if looks_like_dicom(file) else None
    except (OSError, ValueError):
        return None


def _dataset(header: Header, tags: Collection[str]) -> Dataset:
    import pydicom

    wanted = [*_OF_THE_STUDY, "ProtocolName", "SeriesDescription", "SpecificCharacterSet", *tags]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values, which may name a patient
        return pydicom.dcmread(header.path, stop_before_pixels=True, force=True, specific_tags=wanted)


def _texts(datasets: Sequence[Dataset], keyword: str) -> tuple[str, ...]:
    """The values of an element, without doubles; one that cannot be converted is as good as absent."""
    found: list[str] = []
    for dataset in datasets:
        try:
            value = dataset.get(keyword)
        except Exception:  # pydicom's converters raise many kinds on damaged values
            continue
        parts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
        found += [str(part).strip(" \0") for part in parts if part is not None]
    return tuple(dict.fromkeys(filter(None, found)))


def _age(dataset: Dataset) -> float | None:
    """Years, as the header gives them, else from birth to study."""
    told = next(iter(_texts([dataset], "PatientAge")), "")
    if parts := re.fullmatch(r"(\d{1,3})([DWMY])", told):
        return int(parts[1]) * _DAYS[parts[2]] / _DAYS["Y"]
    born, scanned = (next(iter(_texts([dataset], keyword)), "") for keyword in ("PatientBirthDate", "StudyDate"))
    try:
        days = (date.fromisoformat(scanned) - date.fromisoformat(born)).days
    except ValueError:
        return None
    return days / _DAYS["Y"] if days >= 0 else None


def _contrast(found: Sequence[Candidate]) -> Contrast:
    agent = any(one.series.evidence.contrast_agent not in NO_AGENT for one in found)
    if agent or any(one.finding.sequence is MrSequence.T1CE for one in found):
        return "given"
    return "not given" if all(one.finding.contrast_known for one in found) else "unknown"
