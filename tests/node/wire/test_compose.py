"""Responses, read by pynetdicom."""

from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA

from oncontour.node.spool.refusal import Refusal
from oncontour.node.wire.command import C_STORE, N_EVENT_REPORT, Command
from oncontour.node.wire.compose import response

UIDS = st.from_regex(r"[1-9](\.[1-9][0-9]{0,8}){0,6}", fullmatch=True)


@given(
    kind=st.sampled_from([C_STORE, N_EVENT_REPORT]),
    number=st.integers(0, 65535),
    status=st.sampled_from([0, 0xA700, 0xC000]),
    uid=UIDS,
    refusal=st.sampled_from(Refusal),
)
def test_pynetdicom_reads_it(kind, number, status, uid, refusal):
    piece, message = P_DATA(), DIMSEMessage()
    content = response(Command(kind, number, uid, uid + ".1", None, True), status, refusal.value)
    piece.presentation_data_value_list.append((1, b"\x03" + content))
    assert message.decode_msg(piece)
    assert message.command_set.CommandGroupLength == len(content) - 12
    read = message.message_to_primitive()
    assert (read.MessageIDBeingRespondedTo, read.Status) == (number, status)
    assert (read.AffectedSOPClassUID, read.AffectedSOPInstanceUID) == (uid, uid + ".1")
    assert read.ErrorComment == (refusal.value if status else None)


def test_comments_fit():
    """LO holds 64 characters."""
    assert all(len(refusal.value) <= 64 and refusal.value.isascii() for refusal in Refusal)
