"""What people must be told of: once when it begins, once when it is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from oncontour.data.database import now
from oncontour.node.ledger.case import State
from oncontour.node.ledger.commitments import broken_promises
from oncontour.node.ledger.deliveries import undelivered
from oncontour.node.ledger.tables import CASES
from oncontour.node.watch.health import Check
from oncontour.node.watch.settings import WatchSettings

HOUR_S = 3600.0

WAITING = (State.COMPLETE, State.WAITING, State.WORKING)


@dataclass(frozen=True, order=True)
class Alert:
    """Something that a person must look at.

    Args:
        key: of the same trouble always the same.
        text: one sentence that names no patient.
    """

    key: str
    text: str


def health_alerts(checks: Iterable[Check]) -> list[Alert]:
    """Of each check that found trouble."""
    return [Alert(f"health {check.name}", f"{check.name}: {check.trouble}") for check in checks if check.trouble]


def find_alerts(base: Engine, settings: WatchSettings, checks: Iterable[Check]) -> list[Alert]:
    """All that is wrong now.

    Raises:
        SQLAlchemyError: the data base does not answer.
    """
    found = health_alerts(checks)
    with base.connect() as connection:
        at = now(connection)
        failed = connection.execute(
            select(CASES.c.case, CASES.c.reason).where(CASES.c.state == State.QUARANTINED).order_by(CASES.c.case)
        )
        found += [Alert(f"case {case}", f"case {case} is in quarantine: {reason}") for case, reason in failed]
        waiting = connection.execute(select(func.count()).where(CASES.c.state.in_(WAITING))).scalar_one()
        last = connection.execute(select(func.max(CASES.c.last_at))).scalar()
    for peer, cases in undelivered(base, settings.undelivered_h * HOUR_S):
        text = f"{peer} has not taken the results of {cases} cases for {settings.undelivered_h:g} hours"
        found.append(Alert(f"undelivered {peer}", text))
    for case, peer, number in broken_promises(base):
        text = f"{peer} says late that it does not keep {number} objects of case {case}: `oncontour node retry`"
        found.append(Alert(f"commitment {case} {peer}", text))
    if waiting > settings.backlog:
        found.append(Alert("backlog", f"{waiting} cases wait; more than {settings.backlog} is unusual"))
    if settings.silence_h is not None and last is not None and at - last > settings.silence_h * HOUR_S:
        found.append(Alert("silence", f"no study for {(at - last) / HOUR_S:.0f} hours"))
    return found


def changes(before: Iterable[Alert], now_: Iterable[Alert]) -> tuple[list[Alert], list[Alert]]:
    """Which are new, and which are over.

    >>> disk, silence = Alert("disk", "full"), Alert("silence", "no study for 5 hours")
    >>> changes([disk], [silence])
    ([Alert(key='silence', text='no study for 5 hours')], [Alert(key='disk', text='full')])
    """
    old, new = {alert.key: alert for alert in before}, {alert.key: alert for alert in now_}
    return [new[key] for key in new.keys() - old.keys()], [old[key] for key in old.keys() - new.keys()]
