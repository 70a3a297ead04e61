"""A STOW-RS request's body: a multipart message taken apart as it comes, each part of it a DICOM file (PS3.18 10.5)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from oncontour.node.receive.file import IncomingFile
from oncontour.node.receive.intake import Intake
from oncontour.node.receive.statuses import PROCESSING_FAILURE, STATUS
from oncontour.node.spool.refusal import RefusedError

SENDER = "WEB"

MOST_HEADER_BYTES = 4096
"""Of one part; it has a type, and perhaps a location."""

_SOP_CLASS, _SOP_INSTANCE, _FAILURE_REASON = "00081150", "00081155", "00081197"
_FAILED, _REFERENCED = "00081198", "00081199"


class Upload:
    """One request. Ends with `finish` or `drop`.

    Args:
        boundary: of its parts.
        study: Study Instance UID of the address; None: it has none.
    """

    def __init__(self, intake: Intake, boundary: bytes, study: str | None) -> None:
        self._intake, self._study = intake, study
        self._stored: list[dict[str, Any]] = []
        self._failed: list[dict[str, Any]] = []
        self._file = IncomingFile(intake, SENDER)
        self._status: int | None = None
        self._header_bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header,
                "on_header_value": self._header,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            FormParserError: they are no multipart message.
        """
        self._parser.write(chunk)

    def finish(self) -> None:
        """The body has ended.

        Raises:
            FormParserError: in the middle of a part.
        """
        self._parser.finalize()

    def drop(self) -> None:
        """Let go of a part that did not end."""
        self._file.drop()

    @property
    def code(self) -> int:
        """HTTP status: all stored, some, none (PS3.18 Table 10.5.3-1)."""
        return 200 if not self._failed else 202 if self._stored else 409

    @property
    def content(self) -> dict[str, Any]:
        """What was stored, and what was not and why (PS3.18 Annex I.2.1); empty where nothing came."""
        lists = {_REFERENCED: self._stored, _FAILED: self._failed}
        return {tag: {"vr": "SQ", "Value": items} for tag, items in lists.items() if items}

    def _begin(self) -> None:
        self._file, self._status, self._header_bytes = IncomingFile(self._intake, SENDER), None, 0

    def _header(self, _: bytes, start: int, end: int) -> None:
        self._header_bytes += end - start
        if self._header_bytes > MOST_HEADER_BYTES:
            raise FormParserError("the headers of a part are too long")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._status is None:
            with self._noting():
                self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        if self._status is None:
            with self._noting():
                self._file.keep(self._study)
        item, meta = {}, self._file.meta
        if meta is not None:
            uids = {_SOP_CLASS: meta.sop_class, _SOP_INSTANCE: meta.sop_instance}
            item = {tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()}
        if self._status is None:
            self._stored.append(item)
        else:
            self._failed.append({**item, _FAILURE_REASON: {"vr": "US", "Value": [self._status]}})

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Remember why the part is not taken."""
        try:
            yield
        except RefusedError as error:
            self._status = STATUS[error.refusal]
        except OSError:
            self._status = PROCESSING_FAILURE
