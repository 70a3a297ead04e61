"""The C-STORE response, read by pynetdicom."""

from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.pdu_primitives import P_DATA

from oncontour.node.receive.response import store_response
from oncontour.node.spool.refusal import Refusal

UIDS = st.from_regex(r"[1-9](\.[1-9][0-9]{0,8}){0,6}", fullmatch=True)


@given(
    number=st.integers(0, 65535),
    status=st.sampled_from([0, 0xA700, 0xC000]),
    uid=UIDS,
    refusal=st.sampled_from(Refusal),
)
def test_pynetdicom_reads_it(number, status, uid, refusal):
    piece, message = P_DATA(), DIMSEMessage()
    content = store_response(number, status, uid, uid + ".1", refusal.value)
    piece.presentation_data_value_list.append((1, b"\x03" + content))
    assert message.decode_msg(piece)
    assert message.command_set.CommandGroupLength == len(content) - 12
    response = message.message_to_primitive()
    assert (response.MessageIDBeingRespondedTo, response.Status) == (number, status)
    assert (response.AffectedSOPClassUID, response.AffectedSOPInstanceUID) == (uid, uid + ".1")
    assert response.ErrorComment == (refusal.value if status else None)


def test_comments_fit():
    """LO holds 64 characters."""
    assert all(len(refusal.value) <= 64 and refusal.value.isascii() for refusal in Refusal)
