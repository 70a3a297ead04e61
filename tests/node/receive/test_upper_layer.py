"""What of pynetdicom's inside the bounded upper layer leans on is still there."""

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import AssociationServer, RequestHandler

from oncontour.node.receive.messages import Ear
from oncontour.node.receive.upper_layer import BoundedUpperLayer


def test_what_we_override_is_there_to_be_overridden():
    """A new release may move it: then the bounds would be gone without a sound."""
    for ours, theirs, names in [
        (
            BoundedUpperLayer,
            DULServiceProvider,
            ("run_reactor", "idle_timer_expired", "_is_transport_event", "_read_pdu_data"),
        ),
        (Ear, DIMSEServiceProvider, ("receive_primitive", "get_msg")),
    ]:
        for name in names:
            assert vars(ours)[name] is not vars(theirs)[name]


def test_what_we_use_is_there():
    assert callable(DULServiceProvider._decode_pdu)
    assert callable(RequestHandler._create_association)
    assert callable(AssociationServer.get_request)
    layer = Association(AE(), "acceptor").dul
    assert {"_recv_pdu", "_idle_timer", "_run_loop_delay", "event_queue", "socket"} <= vars(layer).keys()
