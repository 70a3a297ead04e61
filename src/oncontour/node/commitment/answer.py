"""What a peer is answered to its report."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from oncontour.node.commitment.messages import EVENTS, Report, read_report
from oncontour.node.wire.command import SUCCESS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PROCESSING_FAILURE = 0x0110
NO_SUCH_EVENT = 0x0113
INVALID_ARGUMENT = 0x0115
"""Status of N-EVENT-REPORT (PS3.7 10.1.1.1.8)."""

Take = Callable[[Report], bool]
"""Keeps a report; False where nobody asked for it."""

_LOG = logging.getLogger(__name__)


def answer(take: Take, event: int | None, read: Callable[[], Dataset]) -> int:
    """Take a report; the status to answer.

    Args:
        event: its type.
        read: gives its data set; may raise what it likes.
    """
    if event not in EVENTS:
        _LOG.warning("A report was refused: an event that storage commitment does not know")
        return NO_SUCH_EVENT
    try:
        report = read_report(read())
    except Exception as error:  # Whatever a peer makes pydicom stumble over; its text may hold the peer's.
        _LOG.warning("A report on storage commitment was refused: it cannot be read (%s)", type(error).__name__)
        return INVALID_ARGUMENT
    try:
        known = take(report)
    except Exception as error:
        _LOG.error("A report on storage commitment could not be kept: %s", type(error).__name__)
        return PROCESSING_FAILURE
    if known:
        return SUCCESS
    _LOG.warning("A report on storage commitment was refused: this node did not ask for it")
    return INVALID_ARGUMENT
