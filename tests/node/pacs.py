"""A PACS by pynetdicom that keeps images in memory, and reports on storage commitment as a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import UID, MRImageStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StudyRootQueryRetrieveInformationModelFind

from oncontour.node.commitment.messages import PUSH_MODEL_INSTANCE

PROCESSING_FAILURE = 0x0110


def item(instance: str, reason: int | None = None) -> Dataset:
    """Of a report's sequences."""
    made = Dataset()
    made.ReferencedSOPClassUID, made.ReferencedSOPInstanceUID = MRImageStorage, instance
    if reason is not None:
        made.FailureReason = reason
    return made


def report(transaction: str, committed: Iterable[str] = (), failed: Iterable[str] = ()) -> Dataset:
    """A report's data set."""
    made = Dataset()
    made.TransactionUID = transaction
    made.ReferencedSOPSequence = [item(one) for one in committed]
    if failed := list(failed):
        made.FailedSOPSequence = [item(one, PROCESSING_FAILURE) for one in failed]
    return made


@contextmanager
def reporting(port: int, roles: tuple[bool, bool] | None = (False, True)) -> Iterator[AE]:
    """An association to a node's port; sends its data sets by `send_n_event_report`.

    Args:
        roles: SCU and SCP, as proposed; None: none are proposed, as some PACS do.
    """
    entity = AE("PACS")
    entity.add_requested_context(StorageCommitmentPushModel)
    items = [build_role(StorageCommitmentPushModel, *roles)] if roles else []
    association = entity.associate("127.0.0.1", port, ext_neg=items)
    assert association.is_established
    if roles is None:
        for context in association.accepted_contexts:
            context._as_scp = True  # It reports all the same.
    try:
        yield association
    finally:
        association.release()


def tell(port: int, content: Dataset, roles: tuple[bool, bool] | None = (False, True), event: int | None = None) -> int:
    """Report to a node's port; what it answered."""
    with reporting(port, roles) as association:
        return send_report(association, content, event)


def send_report(association, content: Dataset | None, event: int | None = None) -> int:
    """Report on an association; what was answered."""
    kind = event or (2 if "FailedSOPSequence" in content else 1)
    answer, _ = association.send_n_event_report(content, kind, StorageCommitmentPushModel, PUSH_MODEL_INSTANCE)
    return answer.Status


@dataclass
class Pacs:
    """A running one.

    Args:
        asked: transactions, each with its SOPInstanceUIDs.
        stored: SOPInstanceUIDs in their order, as often as they came.
        status: of its answers to requests.
        on_request: called with association, transaction and instances, after the request was answered.
    """

    port: int = 0
    stored: list[str] = field(default_factory=list)
    images: dict[str, Dataset] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    status: int = 0
    answers: list[int] = field(default_factory=list)
    on_request: object = lambda association, transaction, instances: None


@contextmanager
def running(commits: bool = True) -> Iterator[Pacs]:
    """Run one.

    Args:
        commits: whether it takes requests for storage commitment.
    """
    pacs, threads = Pacs(), []

    def store(event):
        dataset = event.dataset
        pacs.stored.append(str(dataset.SOPInstanceUID))
        pacs.images[str(dataset.SOPInstanceUID)] = dataset
        return 0

    def find(event):
        for uid, image in list(pacs.images.items()):
            if image.SeriesInstanceUID == event.identifier.SeriesInstanceUID:
                found = Dataset()
                found.QueryRetrieveLevel, found.SOPInstanceUID = "IMAGE", uid
                yield 0xFF00, found

    def act(event):
        content = event.action_information
        instances = [str(one.ReferencedSOPInstanceUID) for one in content.ReferencedSOPSequence]
        transaction = str(content.TransactionUID)
        pacs.asked[transaction] = instances
        thread = threading.Thread(target=pacs.on_request, args=(event.assoc, transaction, instances), daemon=True)
        threads.append(thread)
        threading.Timer(0.2, thread.start).start()  # When the answer is out.
        return pacs.status, None

    entity = AE("PACS")
    entity.supported_contexts = []
    entity.add_supported_context(MRImageStorage, ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    if commits:
        entity.add_supported_context(UID(StorageCommitmentPushModel))
    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_C_FIND, find), (evt.EVT_N_ACTION, act)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    pacs.port = server.server_address[1]
    try:
        yield pacs
    finally:
        server.shutdown()
