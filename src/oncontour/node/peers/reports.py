"""Reports on storage commitment that come on the association on which the request went out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from oncontour.node.commitment.answer import Take, answer

if TYPE_CHECKING:
    from pynetdicom.events import Event, EventHandlerType


class Reports:
    """Takes them, and knows when all are answered: an association that is released before would break off an answer.

    Args:
        take: keeps a report.
    """

    def __init__(self, take: Take) -> None:
        self._take = take
        self._unanswered = 0
        self._changed = threading.Condition()

    @property
    def handlers(self) -> list[EventHandlerType]:
        """For an association."""
        from pynetdicom import evt

        return [(evt.EVT_N_EVENT_REPORT, self._report), (evt.EVT_PDU_SENT, self._sent)]

    def finish(self, timeout_s: float) -> None:
        """Wait until all that came are answered."""
        with self._changed:
            self._changed.wait_for(lambda: self._unanswered == 0, timeout_s)

    def _report(self, event: Event) -> tuple[int, None]:
        with self._changed:
            self._unanswered += 1
        return answer(self._take, event.event_type, lambda: event.event_information), None

    def _sent(self, event: Event) -> None:
        from pynetdicom.pdu import P_DATA_TF

        with self._changed:
            if self._unanswered and isinstance(event.pdu, P_DATA_TF):  # Nothing else is sent after the request.
                self._unanswered -= 1
                self._changed.notify_all()
