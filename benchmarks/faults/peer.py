"""A PACS that writes down every store operation, keeps objects through its own death, and fails as ordered.

FOLDER/objects/<study>/<instance>.dcm    what it has
FOLDER/known/<study>.json                images of a series that it says it has: what the scanner sent it
FOLDER/journal.jsonl                     a line for each C-STORE
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt
from pynetdicom.presentation import AllStoragePresentationContexts

from faults.orders import take

TITLE = "PACS"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000
BIG_PDU = 4096
"""Bytes received at once that are a piece of an object rather than of a command."""


class Pacs:
    """Handlers of its events.

    Args:
        folder: of what it has.
        orders: to fail.
    """

    def __init__(self, folder: Path, orders: Path) -> None:
        self._folder, self._orders = folder, orders
        self._hidden: dict[str, float] = {}
        for name in ("objects", "known"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def requested(self, event: evt.Event) -> None:
        """An association is asked for."""
        if take(self._orders, "peer-rejects"):
            event.assoc.acse.send_reject(0x02, 0x03, 0x01)
            event.assoc.kill()

    def received(self, event: evt.Event) -> None:
        """Bytes have come."""
        if len(event.data) > BIG_PDU and take(self._orders, "peer-drops"):
            event.assoc.dul.socket.close()

    def store(self, event: evt.Event) -> int:
        """An object has come."""
        study, instance = str(event.dataset.StudyInstanceUID), str(event.request.AffectedSOPInstanceUID)
        if take(self._orders, f"peer-refuses-{study}"):
            self._note(study, instance, kept=False)
            return OUT_OF_RESOURCES
        if take(self._orders, f"peer-lies-{study}"):
            self._note(study, instance, kept=False)
            return 0
        if take(self._orders, f"peer-is-slow-{study}"):
            self._hidden[study] = time.monotonic() + 3.0
        target = self._folder / "objects" / study / f"{instance}.dcm"
        target.parent.mkdir(exist_ok=True)
        part = target.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(event.encoded_dataset())
        part.replace(target)
        self._note(study, instance, kept=True)
        if take(self._orders, f"peer-dies-{study}"):
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        """What there is of a study is asked for."""
        asked = event.identifier
        study = str(asked.StudyInstanceUID)
        if asked.QueryRetrieveLevel == "SERIES":
            if take(self._orders, f"peer-cannot-count-{study}"):
                yield CANNOT_UNDERSTAND, None
                return
            answers = self._counts(study)
        else:
            answers = self._images(study)
        for answer in answers:
            yield 0xFF00, answer

    def _counts(self, study: str) -> Iterator[Dataset]:
        known = self._folder / "known" / f"{study}.json"
        if not known.exists():
            return
        babbles = take(self._orders, f"peer-counts-nonsense-{study}")
        for series, number in json.loads(known.read_text()).items():
            answer = Dataset()
            answer.QueryRetrieveLevel, answer.StudyInstanceUID, answer.SeriesInstanceUID = "SERIES", study, series
            answer.add_new(0x00201209, "LO" if babbles else "IS", "many" if babbles else number)
            yield answer

    def _images(self, study: str) -> Iterator[Dataset]:
        if self._hidden.get(study, 0.0) > time.monotonic():
            return
        folder = self._folder / "objects" / study
        for path in sorted(folder.glob("*.dcm")):
            answer = Dataset()
            answer.QueryRetrieveLevel, answer.StudyInstanceUID = "IMAGE", study
            answer.SOPInstanceUID = path.stem
            yield answer

    def _note(self, study: str, instance: str, **more: Any) -> None:
        line = json.dumps({"at": time.time(), "study": study, "instance": instance, **more}) + "\n"
        with (self._folder / "journal.jsonl").open("ab", buffering=0) as journal:
            journal.write(line.encode())


def main(folder: str, orders: str, port: int) -> None:
    """Listen until killed."""
    _config.LOG_HANDLER_LEVEL = "none"
    pacs = Pacs(Path(folder), Path(orders))
    entity = AE(TITLE)
    entity.supported_contexts = AllStoragePresentationContexts
    entity.add_supported_context(FIND)
    entity.maximum_associations = 100
    handlers = [
        (evt.EVT_REQUESTED, pacs.requested),
        (evt.EVT_DATA_RECV, pacs.received),
        (evt.EVT_C_STORE, pacs.store),
        (evt.EVT_C_FIND, pacs.find),
    ]
    entity.start_server(("127.0.0.1", port), block=True, evt_handlers=handlers)
