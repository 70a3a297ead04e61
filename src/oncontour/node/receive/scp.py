"""The DICOM ear: who may call, what they may send, and the server that listens."""

from __future__ import annotations

import gc
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, cast

from pynetdicom import AE, _config, evt
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.service_class import ServiceClass, StorageServiceClass
from pynetdicom.sop_class import uid_to_service_class
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from oncontour.core.errors import InputError
from oncontour.node.commitment.answer import Take
from oncontour.node.commitment.messages import PUSH_MODEL
from oncontour.node.receive.intake import DEFLATED, Intake
from oncontour.node.receive.messages import Ear
from oncontour.node.receive.settings import ScpSettings
from oncontour.node.receive.upper_layer import BoundedUpperLayer
from oncontour.web.tls import server_context

if TYPE_CHECKING:
    from pynetdicom.association import Association

_BY_REFERENCE = frozenset(("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.204"))
"""JPIP: the pixels stay at the sender's (PS3.5 A.6)."""

_VERIFICATION = "1.2.840.10008.1.1"
_DICOM_ROOT, _STORAGE_ROOT = "1.2.840.10008.", "1.2.840.10008.5.1.4.1.1."

_SPARE_CONNECTIONS = 16
"""Connections beyond the largest number of associations that are still told why they are rejected; more are closed."""

_BACKLOG = 64

_POLL_S = 0.5
"""How long the end of the server may be waited for; a connection is taken at once."""

_COLLECT_EVERY_S = 60.0
"""An association that ended is a ring of objects, some hundred kB with its buffers."""

Rejection = tuple[int, int, int]
_CALLER_UNKNOWN: Rejection = (1, 1, 3)
_CONGESTION: Rejection = (2, 3, 1)
_TOO_MANY: Rejection = (2, 3, 2)
"""Result, source, reason (PS3.8 Table 9-21)."""

_LOG = logging.getLogger(__name__)


@contextmanager
def listening(settings: ScpSettings, intake: Intake, take: Take | None = None) -> Iterator[int]:
    """Listen until the end of the block; gives the port.

    Args:
        take: keeps reports on storage commitment; None: such are not accepted.

    Raises:
        InputError: the address is taken, or a TLS file cannot be used.
    """
    _config.LOG_HANDLER_LEVEL = "none"  # What pynetdicom logs of each message holds UIDs.
    try:
        server = Server(settings, intake, take)
    except OSError as error:
        where, remedy = f"{settings.host}:{settings.port}", "Choose another host or port, or end what listens there."
        raise InputError(where, f"{error.strerror}", "an address to listen at", remedy) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_S}, name="scp", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()


class Server(ThreadedAssociationServer):
    """Accepts connections; TLS handshakes and associations have threads of their own."""

    daemon_threads = True
    request_queue_size = _BACKLOG

    def __init__(self, settings: ScpSettings, intake: Intake, take: Take | None = None) -> None:
        self._settings, self._intake, self._take = settings, intake, take
        self._handshakes = 0
        self._called, self._collect_at = False, 0.0
        self._admitted: set[Association] = set()
        self._lock = threading.Lock()
        self._tls = server_context(settings.tls) if settings.tls else None
        entity = AE(settings.ae_title)
        entity.maximum_pdu_size = settings.maximum_pdu
        entity.maximum_associations = settings.maximum_associations + _SPARE_CONNECTIONS  # `_admit` counts.
        entity.network_timeout = settings.network_timeout_s
        entity.acse_timeout = settings.request_timeout_s
        super().__init__(
            entity,
            (settings.host, settings.port),
            settings.ae_title,
            [build_context(_VERIFICATION)],
            evt_handlers=[(evt.EVT_REQUESTED, self._admit)],
            request_handler=_Handler,
        )

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, without waiting for a TLS handshake."""
        connection, address = cast(socket.socket, self.socket).accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._called = True
        return connection, address

    def service_actions(self) -> None:
        """Collect associations that ended, where any began; pynetdicom looks through all memory whether or not."""
        if self._called and time.monotonic() >= self._collect_at:
            gc.collect()
            self._called, self._collect_at = False, time.monotonic() + _COLLECT_EVERY_S

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's own.
        """Whether there is a place for one more connection."""
        there = len(self.active_associations) + self._handshakes
        return there < self._settings.maximum_associations + _SPARE_CONNECTIONS

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands, then start an association."""
        if self._tls is not None:
            request = self._shake_hands(self._tls, request)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's own.
        """A connection ended before it became an association."""
        _LOG.warning("A connection was closed before its association began (no TLS, or no certificate we trust?)")

    def equip(self, association: Association) -> None:
        """Give an association our upper layer and our ear."""
        Ear(BoundedUpperLayer(association, self._settings.maximum_pdu), self._intake, self._take)

    def shutdown(self) -> None:
        """Stop listening, and end what associations there are."""
        TCPServer.shutdown(self)  # AssociationServer's own wants to be known to its AE.
        self.server_close()
        for association in self.active_associations:
            association.abort()

    def _shake_hands(self, tls: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
        with self._lock:
            self._handshakes += 1
        try:
            connection.settimeout(self._settings.request_timeout_s)
            return tls.wrap_socket(connection, server_side=True)
        finally:
            with self._lock:
                self._handshakes -= 1

    def _admit(self, event: evt.Event) -> None:
        association = event.assoc
        request = cast(A_ASSOCIATE, association.requestor.primitive)
        rejection = self._rejection(association, request.calling_ae_title or "")
        if rejection is not None:
            association.acse.send_reject(*rejection)
            association.kill()
            return
        requested = request.presentation_context_definition_list
        association.acceptor.supported_contexts = taken(requested, reports=self._take is not None)

    def _rejection(self, association: Association, calling: str) -> Rejection | None:
        if not self._may_call(calling, association.requestor.address):
            return _CALLER_UNKNOWN
        if not self._intake.disk.room:
            return _CONGESTION
        with self._lock:
            self._admitted = {other for other in self._admitted if other.is_alive()}
            if len(self._admitted) >= self._settings.maximum_associations:
                return _TOO_MANY
            self._admitted.add(association)
        return None

    def _may_call(self, ae_title: str, address: str) -> bool:
        callers = self._settings.callers
        return not callers or any(
            ae_title.strip() == caller.ae_title and (caller.address is None or ip_address(address) in caller.address)
            for caller in callers
        )


class _Handler(RequestHandler):
    def _create_association(self) -> Association:
        association = super()._create_association()
        cast(Server, self.server).equip(association)
        return association


def taken(requested: list[PresentationContext], *, reports: bool = False) -> list[PresentationContext]:
    """Of what a peer requests: echo and all storage, in any transfer syntax that is neither deflated nor by reference.

    A peer's own order of transfer syntaxes is kept: its first is how the image is stored with it.

    Args:
        reports: also those on storage commitment, in whatever role the peer proposes: who reports must be SCP
            (PS3.4 J.3.3), but not every PACS says so.
    """
    syntaxes: dict[str, dict[str, None]] = {}
    for context in requested:
        uid = str(context.abstract_syntax)
        if uid == _VERIFICATION or is_storage(uid) or (reports and uid == PUSH_MODEL):
            usable = [str(syntax) for syntax in context.transfer_syntax if syntax not in DEFLATED | _BY_REFERENCE]
            syntaxes.setdefault(uid, {}).update(dict.fromkeys(usable))
    contexts = [build_context(uid, list(usable)) for uid, usable in syntaxes.items() if usable]
    for context in contexts:
        if context.abstract_syntax == PUSH_MODEL:
            context.scu_role = context.scp_role = True
    return contexts


def is_storage(uid: str) -> bool:
    """Whether an abstract syntax is a storage SOP class: a known one, a newer one, or a vendor's own.

    >>> is_storage("1.2.840.10008.5.1.4.1.1.4"), is_storage("1.3.12.2.1107.5.9.1"), is_storage("1.2.840.10008.1.1")
    (True, True, False)
    """
    service = uid_to_service_class(uid)
    unknown = service is ServiceClass and (not uid.startswith(_DICOM_ROOT) or uid.startswith(_STORAGE_ROOT))
    return service is StorageServiceClass or unknown
