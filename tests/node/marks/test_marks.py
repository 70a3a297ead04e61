"""Readers' marks, from the command line and from the PACS."""

import pytest
from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom import dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.cases import make_case
from oncontour.node.ledger.deliveries import plan_deliveries
from oncontour.node.ledger.events import list_events
from oncontour.node.marks.key_object import take_note
from oncontour.node.marks.marks import list_marks, mark

from ..peers.conftest import write_image


@pytest.fixture
def base(tmp_path):
    base = open_base(f"sqlite:///{tmp_path}/node.db")
    make_case(base, "a", "s", 1, ["1"], sender="MR1", complete_by="count", first_at=0.0, last_at=0.0)
    return base


def test_marks_are_kept_and_the_same_one_once(base):
    mark(base, "a", "s-1", False, "page: reader 2", "the cavity is taken for tumour")
    mark(base, "a", "s-1", False, "page: reader 2", "the cavity is taken for tumour")
    mark(base, "a", "s-1", True, "page: reader 2")
    assert [(one.useful, one.reason) for one in list_marks(base, "s-1")] == [
        (False, "the cavity is taken for tumour"), (True, "")
    ]  # fmt: skip
    assert not any("cavity" in str(event.detail) for event in list_events(base))


def write_note(path, image, title):
    """As a PACS makes it; highdicom's."""
    content = KeyObjectSelection(document_title=title, referenced_objects=[image], description="Mr Somebody: poor")
    KeyObjectSelectionDocument(
        evidence=[image], content=content, series_instance_uid=generate_uid(), series_number=9,
        sop_instance_uid=generate_uid(), instance_number=1, manufacturer="PACS",
    ).save_as(path, enforce_file_format=True)  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("title", "useful"),
    [
        (codes.DCM.RejectedForQualityReasons, False),
        (codes.DCM.QualityIssue, False),
        (codes.DCM.ForReportAttachment, True),
    ],
)
def test_a_note_in_the_pacs_on_our_object_is_a_mark(base, tmp_path, title, useful):
    image = dcmread(write_image(tmp_path / "seg.dcm", generate_uid(), generate_uid(), 1))
    plan_deliveries(base, "s-1", {str(image.SOPInstanceUID): "seg.dcm"}, ["pacs"])
    note = write_note(tmp_path / "note.dcm", image, title)
    assert take_note(base, "a", note) == 1
    assert take_note(base, "a", note) == 1
    (kept,) = list_marks(base)
    assert (kept.case, kept.useful, kept.source) == ("s-1", useful, "PACS")
    assert "Somebody" not in kept.reason


def test_a_note_on_somebody_elses_image_is_none_of_our_business(base, tmp_path):
    image = dcmread(write_image(tmp_path / "x.dcm", generate_uid(), generate_uid(), 1))
    assert take_note(base, "a", write_note(tmp_path / "note.dcm", image, codes.DCM.QualityIssue)) == 0
    assert list_marks(base) == []


def test_what_is_no_note(base, tmp_path):
    (tmp_path / "junk.dcm").write_bytes(b"junk")
    assert take_note(base, "a", tmp_path / "junk.dcm") == 0
    assert take_note(base, "a", write_image(tmp_path / "x.dcm", generate_uid(), generate_uid(), 1)) == 0
