"""A peer that speaks DICOM's own protocol: C-FIND for what it has, C-STORE to send, N-ACTION to ask it to keep what it
was sent (PS3.4 annexes C, B and J)."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from oncontour.node.commitment.messages import PUSH_MODEL, PUSH_MODEL_INSTANCE, REQUEST, request
from oncontour.node.peers.peer import PeerError, Reference
from oncontour.node.peers.settings import DimsePeer
from oncontour.node.wire.command import SUCCESS
from oncontour.node.wire.link import Caller, EndedError, Link, RejectedError, linked
from oncontour.web.tls import caller_context, handshake_trouble

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association
    from pynetdicom.events import Event, EventHandlerType

    from oncontour.node.commitment.answer import Take

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
PENDING, PENDING_WITH_WARNING = 0xFF00, 0xFF01
STORED_WITH_WARNING = frozenset((0xB000, 0xB006, 0xB007))
"""Coerced elements, elements discarded, data set does not match its class: stored all the same (PS3.4 Table B.2-1)."""

CONTEXTS = 128
"""Of one association (PS3.8 section 9.3.2.2: odd numbers up to 255)."""

KNOWN = "Check that it runs, and that it knows this node's title and address."

Context = tuple[str, str | None]
"""SOP class and transfer syntax; None: the ones everyone knows."""


@dataclass(frozen=True)
class _Object:
    """A file, the SOPInstanceUID in it, and where its data set begins."""

    file: Path
    instance: str
    offset: int


@dataclass(frozen=True)
class Dimse:
    """See `Peer`.

    Args:
        name: in the configuration.
        settings: how to reach it.
        calling: our own application entity title.
    """

    name: str
    settings: DimsePeer
    calling: str

    def counts(self, study: str) -> Mapping[str, int]:
        """By C-FIND of series; where the peer does not count their images, of images."""
        with self._linked([(STUDY_ROOT_FIND, None)]) as link:
            series = self._find(link, "SERIES", study, "", NumberOfSeriesRelatedInstances="")
            return {uid: self._count(link, study, uid, found) for uid, found in _by(series, "SeriesInstanceUID")}

    def _count(self, link: Link, study: str, series: str, found: Dataset) -> int:
        counted = found.get("NumberOfSeriesRelatedInstances")
        if counted not in (None, ""):
            return int(counted)
        return len(self._find(link, "IMAGE", study, series, SOPInstanceUID=""))

    def holds(self, references: Iterable[Reference]) -> frozenset[str]:
        """By C-FIND of the images of their series."""
        wanted = list(references)
        with self._linked([(STUDY_ROOT_FIND, None)]) as link:
            there = {
                uid
                for study, series in dict.fromkeys((one.study, one.series) for one in wanted)
                for uid, _ in _by(self._find(link, "IMAGE", study, series, SOPInstanceUID=""), "SOPInstanceUID")
            }
        return frozenset(one.instance for one in wanted) & there

    def store(self, files: Sequence[Path]) -> Mapping[Path, str]:
        """By C-STORE, all by one association where it takes no more than 128 contexts; files go out as they are."""
        from pynetdicom.dsutils import split_dataset

        kinds: dict[tuple[str, str], list[_Object]] = {}
        for file in files:
            meta, offset = split_dataset(file)
            kind = str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)
            kinds.setdefault(kind, []).append(_Object(file, str(meta.MediaStorageSOPInstanceUID), offset))
        refused: dict[Path, str] = {}
        contexts = list(kinds)
        for first in range(0, len(contexts), CONTEXTS):
            some = contexts[first : first + CONTEXTS]
            with self._linked(some) as link:
                for kind in some:
                    refused |= self._send(link, kind, kinds[kind])
        return refused

    @property
    def committing(self) -> Dimse | None:
        """As its settings say."""
        return self if self.settings.commitment else None

    @contextmanager
    def asked_to_keep(self, transaction: str, references: Collection[Reference], take: Take) -> Iterator[None]:
        """By N-ACTION of storage commitment; its report may come on the same association."""
        from oncontour.node.peers.reports import Reports

        reports = Reports(take)
        with self.association([(PUSH_MODEL, None)], reports.handlers) as association:
            asked = request(transaction, references)
            answer, _ = association.send_n_action(asked, REQUEST, PUSH_MODEL, PUSH_MODEL_INSTANCE)
            status = answer.get("Status")
            if status != SUCCESS:
                found = "no answer" if status is None else f"status 0x{status:04X}"
                raise self._error(f"{found} to the request for storage commitment")
            yield
            reports.finish(self.settings.timeout_s)

    def check_commitment(self) -> None:
        """Raise PeerError where it takes no requests for storage commitment."""
        with self.association([(PUSH_MODEL, None)]):
            pass

    def _send(self, link: Link, kind: tuple[str, str], objects: Iterable[_Object]) -> Iterator[tuple[Path, str]]:
        sop_class, syntax = kind
        for one in objects:
            data = memoryview(one.file.read_bytes())[one.offset :]
            try:
                status = link.store(sop_class, one.instance, syntax, data)
            except LookupError:
                yield one.file, "its SOP class or transfer syntax is not accepted"
                continue
            except TimeoutError as error:
                raise self._error("no answer to C-STORE") from error
            except EndedError as error:
                raise self._error("an association that ended while files were sent") from error
            if status is None:
                raise self._error("an answer to C-STORE without a status")
            if status != SUCCESS and status not in STORED_WITH_WARNING:
                yield one.file, f"status 0x{status:04X}"

    def _find(self, link: Link, level: str, study: str, series: str, **wanted: str) -> list[Dataset]:
        """All answers: the link takes no other question before the last one."""
        from io import BytesIO

        from pydicom.dataset import Dataset
        from pynetdicom.dsutils import decode, encode

        query = Dataset()
        query.QueryRetrieveLevel = level
        query.StudyInstanceUID, query.SeriesInstanceUID = study, series
        for keyword, value in wanted.items():
            setattr(query, keyword, value)
        asked = encode(query, True, True)
        assert asked is not None, "a query of texts can be encoded"
        answers = []
        try:
            for status, found in link.find(STUDY_ROOT_FIND, asked):
                if status in (PENDING, PENDING_WITH_WARNING) and found:
                    answers.append(decode(BytesIO(found), True, True))
                elif status != SUCCESS:
                    raise self._error("no answer to C-FIND" if status is None else f"C-FIND's status 0x{status:04X}")
        except TimeoutError as error:
            raise self._error("no answer to C-FIND") from error
        return answers

    @contextmanager
    def _linked(self, contexts: Sequence[Context]) -> Iterator[Link]:
        """A link that ends with the block.

        Raises:
            PeerError, InputError: as `association`.
        """
        there = self.settings
        tls = caller_context(there.tls) if there.tls else None
        caller = Caller(there.host, there.port, self.calling, there.title, there.timeout_s, tls)
        try:
            link = linked(caller, contexts)
        except RejectedError:
            raise self._error("a refused association") from None
        except (OSError, EndedError):
            raise self._error(self._why_not()) from None
        if not link.accepted:
            link.release()
            raise self._not_accepted(sop_class for sop_class, _ in contexts)
        try:
            yield link
        except BaseException as error:
            link.abort()
            if isinstance(error, EndedError):
                raise self._error("an association that ended early") from error
            if isinstance(error, PeerError | OSError) or not isinstance(error, Exception):
                raise
            # Whatever an answer makes pydicom stumble over.
            raise self._error(f"an answer that cannot be read ({type(error).__name__})") from error
        link.release()

    @contextmanager
    def association(
        self, contexts: Iterable[Context], handlers: Sequence[EventHandlerType] = ()
    ) -> Iterator[Association]:
        """An association that is released at the end.

        Args:
            handlers: pynetdicom's, for what the peer asks of us meanwhile.

        Raises:
            PeerError: nobody listens there, or it refuses us or all contexts, or there is no agreement on TLS.
            InputError: a TLS file cannot be used.
        """
        from pynetdicom.ae import ApplicationEntity
        from pynetdicom.events import EVT_CONN_OPEN

        there = self.settings
        entity = ApplicationEntity(self.calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = there.timeout_s
        entity.connection_timeout = there.timeout_s
        for sop_class, syntax in contexts:
            entity.add_requested_context(sop_class, *((syntax,) if syntax else ()))
        tls = (caller_context(there.tls), there.host) if there.tls else None
        heard = [*handlers, (EVT_CONN_OPEN, _send_at_once)]
        association = entity.associate(there.host, there.port, ae_title=there.title, tls_args=tls, evt_handlers=heard)
        if not association.is_established:
            raise self._refusal(association)
        try:
            yield association
        except (PeerError, OSError):
            raise
        except RuntimeError as error:  # Whatever pynetdicom finds an ended association unfit for.
            raise self._error("an association that ended early") from error
        except Exception as error:  # Whatever an answer makes pydicom stumble over.
            raise self._error(f"an answer that cannot be read ({type(error).__name__})") from error
        finally:
            association.release() if association.is_established else association.abort()

    def _refusal(self, association: Association) -> PeerError:
        if association.is_rejected:
            return self._error("a refused association")
        if association.rejected_contexts:
            return self._not_accepted(context.abstract_syntax or "" for context in association.rejected_contexts)
        return self._error(self._why_not())

    def _not_accepted(self, sop_classes: Iterable[str]) -> PeerError:
        from pydicom.uid import UID

        kinds = sorted({UID(one).name for one in sop_classes})
        remedy = "Have it accept that from this node; storage commitment can be left out (`commitment: false`)."
        return self._error(f"no acceptance of {', '.join(kinds)}", remedy)

    def _why_not(self) -> str:
        """What stands in place of an association."""
        there, trouble = self.settings, None
        if there.tls:
            trouble = handshake_trouble(caller_context(there.tls), there.host, there.port, there.timeout_s)
        return trouble or "nobody who answers"

    def _error(self, found: str, remedy: str = KNOWN) -> PeerError:
        """What it did in place of an answer."""
        where = f"peer {self.name}"
        expected = f"{self.settings.title} to answer at {self.settings.host}:{self.settings.port}"
        return PeerError(where, found, expected, remedy)


def _send_at_once(event: Event) -> None:
    """Hold back no small packet until the last one is acknowledged, as TCP does by itself: 40 ms an object."""
    stream = event.assoc.dul.socket
    if stream is not None and stream.socket is not None:
        stream.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _by(found: Iterable[Dataset], keyword: str) -> Iterator[tuple[str, Dataset]]:
    """Answers by an identifier; those without it are no answers."""
    return ((str(one.get(keyword)), one) for one in found if one.get(keyword))
