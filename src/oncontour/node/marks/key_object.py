"""Marks that a reader makes in the PACS: a note (Key Object Selection) on one of our objects, sent to the node.

The standard way to say that an image is no good (PS3.16 CID 7010; IHE Imaging Object Change Management uses it): the
title of the note is "Rejected for Quality Reasons" or "Quality Issue". "For Report Attachment" and the like say
the opposite: the reader used it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from oncontour.node.ledger.deliveries import cases_of
from oncontour.node.marks.marks import mark

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

KEY_OBJECT = "1.2.840.10008.5.1.4.1.1.88.59"

POOR = {
    "113001": "rejected for quality reasons",
    "113010": "quality issue",
    "113037": "rejected for patient safety reasons",
}
USED = {
    "113002": "for referring provider",
    "113003": "for surgery",
    "113005": "for conference",
    "113006": "for therapy",
    "113020": "for report attachment",
    "128195": "for diagnosis",
    "128203": "for tumor board",
}
"""Codes of DCM in CID 7010, and what is kept as the reason. A note's free text may name the patient: it is not read."""


def take_note(engine: Engine, node: str, file: Path) -> int:
    """Keep what a note says of results of ours; how many cases it is about. Other notes say nothing to us."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        note = dcmread(file)
    except (InvalidDicomError, OSError, ValueError):
        return 0
    title = _title(note)
    reason = POOR.get(title) or USED.get(title)
    if str(note.get("SOPClassUID")) != KEY_OBJECT or reason is None:
        return 0
    cases = set(cases_of(engine, list(_instances(note))).values())
    for case in sorted(cases):
        mark(engine, node, case, title not in POOR, "PACS", reason)
    return len(cases)


def _title(note: Dataset) -> str:
    """Code value of the document's title, where it is one of DICOM's own."""
    for code in note.get("ConceptNameCodeSequence") or ():
        if code.get("CodingSchemeDesignator") == "DCM":
            return str(code.get("CodeValue", ""))
    return ""


def _instances(note: Dataset) -> Iterator[str]:
    for study in note.get("CurrentRequestedProcedureEvidenceSequence") or ():
        for series in study.get("ReferencedSeriesSequence") or ():
            for instance in series.get("ReferencedSOPSequence") or ():
                yield str(instance.get("ReferencedSOPInstanceUID", ""))
