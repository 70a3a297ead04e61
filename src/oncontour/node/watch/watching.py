"""Looks at a node again and again, and tells people what changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from oncontour.node.background import repeating
from oncontour.node.watch.alerts import Alert, changes, find_alerts, health_alerts
from oncontour.node.watch.health import Check
from oncontour.node.watch.notify import notify
from oncontour.node.watch.settings import WatchSettings
from oncontour.node.watch.summary import summary_lines

_log = logging.getLogger(__name__)


@contextmanager
def watching(base: Engine, node: str, settings: WatchSettings, health: Callable[[], list[Check]]) -> Iterator[None]:
    """Look in the background while the block runs."""
    told: list[Alert] = []
    day = datetime.now(UTC).date()

    def look() -> None:
        nonlocal told, day
        try:
            told = _tell(base, node, settings, health(), told)
            today = datetime.now(UTC)
            if settings.summary_at is not None and today.date() != day and today.hour >= settings.summary_at:
                notify(settings, node, "daily summary", summary_lines(base))
                day = today.date()
        except SQLAlchemyError as error:
            _log.error("the data base does not answer: %s", type(error).__name__)

    with repeating("watching", settings.every_s, look):
        yield


def _tell(base: Engine, node: str, settings: WatchSettings, checks: list[Check], told: list[Alert]) -> list[Alert]:
    """Tell what is new and what is over; what people know of now. Who could not be reached is told at the next look."""
    try:
        alerts = find_alerts(base, settings, checks)
    except SQLAlchemyError:
        alerts = health_alerts(checks)
    new, over = changes(told, alerts)
    for alert in new:
        _log.warning("%s", alert.text)
    if not new and not over:
        return alerts
    lines = [alert.text for alert in new] + [f"over: {alert.text}" for alert in over]
    subject = new[0].text if len(lines) == 1 and new else f"{len(new)} new, {len(over)} over"
    return alerts if notify(settings, node, subject, lines) else told
