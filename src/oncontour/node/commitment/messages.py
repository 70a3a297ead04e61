"""The data sets of storage commitment: the request, and the report (PS3.4 J.3.2 and J.3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oncontour.node.peers.peer import Reference
from oncontour.node.spool.uids import uid_in

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PUSH_MODEL = "1.2.840.10008.1.20.1"
PUSH_MODEL_INSTANCE = "1.2.840.10008.1.20.1.1"
"""SOP class, and its one well-known instance."""

REQUEST = 1
"""Action type."""

EVENTS = frozenset((1, 2))
"""Event types: all are kept; some are not."""


@dataclass(frozen=True)
class Report:
    """What a peer says about what it was asked to keep.

    Args:
        transaction: UID of the request.
        committed: SOPInstanceUIDs of what it keeps.
        failed: of what it does not keep, and why (PS3.3 C.14.1.1; 0: not said).
    """

    transaction: str
    committed: frozenset[str]
    failed: Mapping[str, int]


def request(transaction: str, references: Iterable[Reference]) -> Dataset:
    """The request to keep objects."""
    from pydicom.dataset import Dataset

    asked = Dataset()
    asked.TransactionUID = transaction
    asked.ReferencedSOPSequence = []
    for reference in references:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = reference.sop_class, reference.instance
        asked.ReferencedSOPSequence.append(item)
    return asked


def read_report(content: Dataset) -> Report:
    """The report that a data set holds. What is listed as kept and as failed has failed.

    Raises:
        ValueError: it names no transaction.
        Exception: whatever pydicom makes of what is no data set.
    """
    transaction = uid_in(content, "TransactionUID")
    if transaction is None:
        raise ValueError("no transaction")
    failed = {uid: int(item.get("FailureReason") or 0) for uid, item in _items(content, "FailedSOPSequence")}
    kept = {uid for uid, _ in _items(content, "ReferencedSOPSequence")}
    return Report(transaction, frozenset(kept - failed.keys()), failed)


def _items(content: Dataset, sequence: str) -> Iterator[tuple[str, Dataset]]:
    for item in content.get(sequence) or ():
        uid = uid_in(item, "ReferencedSOPInstanceUID")
        if uid is not None:
            yield uid, item
