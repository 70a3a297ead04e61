"""Reports, whatever a peer writes into them."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import decode, encode

from oncontour.node.commitment.answer import INVALID_ARGUMENT, NO_SUCH_EVENT, SUCCESS, answer
from oncontour.node.commitment.messages import PUSH_MODEL, PUSH_MODEL_INSTANCE, Report, read_report, request
from oncontour.node.peers.peer import Reference
from oncontour.node.receive.event_report import EventReport
from oncontour.node.wire.command import N_EVENT_REPORT, Command

from ..pacs import PROCESSING_FAILURE, report

UIDS = st.from_regex(r"[1-9](\.[1-9][0-9]{0,8}){1,5}", fullmatch=True)
SYNTAXES = st.sampled_from([ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])


def command(event: int | None = 1) -> Command:
    return Command(N_EVENT_REPORT, 7, PUSH_MODEL, PUSH_MODEL_INSTANCE, event, True)


def written(content: Dataset, syntax) -> bytes:
    return encode(content, syntax.is_implicit_VR, syntax.is_little_endian)


@given(transaction=UIDS, committed=st.sets(UIDS, max_size=5), failed=st.sets(UIDS, max_size=5), syntax=SYNTAXES)
def test_what_was_written_is_read(transaction, committed, failed, syntax):
    taken = []
    body = EventReport(1, command(), syntax, lambda one: taken.append(one) or True)
    content = written(report(transaction, committed, failed), syntax)
    body.write(memoryview(content[:50]))
    body.write(memoryview(content[50:]))
    assert b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00" in body.finish()  # Status: success.
    assert taken == [Report(transaction, frozenset(committed - failed), dict.fromkeys(failed, PROCESSING_FAILURE))]


@given(content=st.binary(max_size=300), syntax=SYNTAXES)
def test_bytes_that_are_no_report_are_answered(content, syntax):
    body = EventReport(1, command(), syntax, lambda one: False)
    body.write(memoryview(content))
    assert INVALID_ARGUMENT.to_bytes(2, "little") in body.finish()


@given(cut=st.integers(0, 200), flip=st.integers(0, 255), place=st.integers(0, 199), syntax=SYNTAXES)
def test_a_damaged_report_breaks_nothing(cut, flip, place, syntax):
    content = bytearray(written(report("1.2.3", ["1.4", "1.5"], ["1.6"]), syntax))
    content[place % len(content)] ^= flip
    body = EventReport(1, command(2), syntax, lambda one: True)
    body.write(memoryview(content[: len(content) - cut]))
    assert body.finish()


@pytest.mark.parametrize(("event", "status"), [(1, SUCCESS), (2, SUCCESS), (0, NO_SUCH_EVENT), (None, NO_SUCH_EVENT)])
def test_events(event, status):
    assert answer(lambda one: True, event, lambda: report("1.2.3")) == status


@pytest.mark.parametrize("missing", ["TransactionUID", "ReferencedSOPSequence"])
def test_a_part_that_is_missing(missing):
    content = report("1.2.3", ["1.4"])
    delattr(content, missing)
    if missing == "TransactionUID":
        with pytest.raises(ValueError, match="no transaction"):
            read_report(content)
    else:
        assert read_report(content) == Report("1.2.3", frozenset(), {})


def test_a_failure_without_its_reason():
    content = report("1.2.3", [], ["1.4"])
    del content.FailedSOPSequence[0].FailureReason
    assert read_report(content).failed == {"1.4": 0}


def test_a_request():
    asked = request("1.2.3", [Reference("1.1", "1.9", "1.8", "1.4")])
    read = decode(BytesIO(written(asked, ImplicitVRLittleEndian)), True, True)
    (item,) = read.ReferencedSOPSequence
    assert (read.TransactionUID, item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) == ("1.2.3", "1.1", "1.4")
