"""A peer that speaks DICOMweb: QIDO-RS for what it has, STOW-RS to send (PS3.18 sections 10.6 and 10.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from oncontour.core.errors import OncontourError
from oncontour.node.peers.peer import PeerError, Reference, references_of
from oncontour.node.peers.settings import WebPeer
from oncontour.web.tls import Tls, caller_context, handshake_trouble

if TYPE_CHECKING:
    from dicomweb_client.api import DICOMwebClient


INSTANCE, SERIES, IN_SERIES = "00080018", "0020000E", "00201209"
"""SOPInstanceUID, SeriesInstanceUID, NumberOfSeriesRelatedInstances."""

HTTPS = 443

BATCH_BYTES = 64 * 2**20
"""Sent at once: a body is held in memory."""


@dataclass(frozen=True)
class Web:
    """See `Peer`.

    Args:
        name: in the configuration.
        settings: how to reach it.
    """

    name: str
    settings: WebPeer

    def counts(self, study: str) -> Mapping[str, int]:
        """By a search for series; where the peer does not count their images, for images."""
        with self._reached() as client:
            series = client.search_for_series(study, fields=[IN_SERIES], get_remaining=True)
            return {uid: self._count(client, study, uid, found) for uid, found in _by(series, SERIES)}

    def _count(self, client: DICOMwebClient, study: str, series: str, found: Mapping[str, Any]) -> int:
        counted = _value(found, IN_SERIES)
        return len(client.search_for_instances(study, series, get_remaining=True)) if counted is None else int(counted)

    def holds(self, references: Iterable[Reference]) -> frozenset[str]:
        """By a search for the images of their series."""
        wanted = list(references)
        with self._reached() as client:
            there = {
                uid
                for study, series in dict.fromkeys((one.study, one.series) for one in wanted)
                for uid, _ in _by(client.search_for_instances(study, series, get_remaining=True), INSTANCE)
            }
        return frozenset(one.instance for one in wanted) & there

    def store(self, files: Sequence[Path]) -> Mapping[Path, str]:
        """By STOW-RS, in as many requests as their size asks for."""
        from pydicom import dcmread

        by_instance = {reference.instance: file for file, reference in references_of(files).items()}
        refused: dict[Path, str] = {}
        with self._reached() as client:
            for batch in _batches(files):
                answer = client.store_instances([dcmread(file) for file in batch])
                for failed in answer.get("FailedSOPSequence", []):
                    file = by_instance.get(str(failed.ReferencedSOPInstanceUID))
                    if file is not None:
                        refused[file] = f"failure reason 0x{int(failed.get('FailureReason', 0)):04X}"
        return refused

    @property
    def committing(self) -> None:
        """Never: the web has no storage commitment that its archives speak."""

    @cached_property
    def _client(self) -> DICOMwebClient:
        from dicomweb_client.api import DICOMwebClient
        from requests import Session

        headers, session, tls = {}, Session(), self.settings.tls
        session.trust_env = False  # Authorities, tokens and proxies are those of the configuration.
        if tls is not None:
            caller_context(tls)  # For its error: `requests` finds an unusable file when it is too late to name it.
            session.verify = str(tls.authorities) if tls.authorities else True
            session.cert = (str(tls.certificate), str(tls.key)) if tls.certificate else None
        if self.settings.token_file:
            headers["Authorization"] = f"Bearer {self.settings.token_file.read_text('utf-8').strip()}"
        client = DICOMwebClient(
            self.settings.url, session, headers=headers, permissive_uid=True, timeout=self.settings.timeout_s
        )
        client.set_http_retry_params(retry=False)  # Whoever asks tries again; a peer that is down must not hold it up.
        return client

    @contextmanager
    def _reached(self) -> Iterator[DICOMwebClient]:
        from requests import RequestException

        try:
            yield self._client
        except OncontourError:  # Of our own files.
            raise
        except (RequestException, OSError) as error:
            response = getattr(error, "response", None)
            found = f"HTTP status {response.status_code}" if response is not None else self._trouble(error)
            remedy = "Check that it runs, and that it knows this node's token or certificate."
            raise PeerError(f"peer {self.name}", found, f"{self.settings.url} to answer", remedy) from error
        except Exception as error:  # Whatever an answer makes its reader stumble over.
            found, expected = f"an answer that cannot be read ({type(error).__name__})", "one of DICOMweb"
            raise PeerError(f"peer {self.name}", found, expected, "Check its address, and its log.") from error

    def _trouble(self, error: Exception) -> str:
        """In place of an answer."""
        address, found = urlsplit(self.settings.url), None
        if address.scheme == "https" and address.hostname:
            context = caller_context(self.settings.tls or Tls())
            found = handshake_trouble(context, address.hostname, address.port or HTTPS, self.settings.timeout_s)
        return found or type(error).__name__


def _batches(files: Iterable[Path]) -> Iterator[list[Path]]:
    batch, size = [], 0
    for file in files:
        if batch and size + file.stat().st_size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.stat().st_size
    if batch:
        yield batch


def _value(found: Mapping[str, Any], tag: str) -> Any:
    values = found.get(tag, {}).get("Value")
    return values[0] if values else None


def _by(found: Iterable[Mapping[str, Any]], tag: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((str(_value(one, tag)), one) for one in found if _value(one, tag))
