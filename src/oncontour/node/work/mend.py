"""Finds cases that have not ended, though nothing works on them any more; without it nobody would look at them again.

A workflow ends early where its steps raise what none of them foresees, or where it was begun a hundred times and killed
its node each time (DBOS then begins it no more). Its case goes to quarantine, which people are told of.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from dbos import DBOS

from oncontour.node.ledger.case import Case, State
from oncontour.node.ledger.cases import LostCaseError, claim_at, list_cases, move
from oncontour.node.work.site import Site

EVERY_S = 30.0
"""Between two looks; what is found at both is no passing moment between two queues."""

AT_WORK = (State.COMPLETE, State.WAITING, State.WORKING, State.DELIVERING)
ALIVE = frozenset(("ENQUEUED", "DELAYED", "PENDING"))

Found = tuple[str, int, int, State]
"""Case, round, epoch, state."""


def flows_of(case: Case) -> tuple[str, str, str]:
    """Names of the workflows of a case's round: its route, its segmentation, its delivery."""
    route = f"{case.case}:{case.round}"
    return route, f"{route}:segment", f"{route}:segment:deliver"


def mender(site: Site, every_s: float = EVERY_S) -> Callable[[], None]:
    """What is to be called again and again, from one thread."""
    suspected: frozenset[Found] = frozenset()
    next_look = time.monotonic() + every_s

    def mend() -> None:
        nonlocal suspected, next_look
        if time.monotonic() < next_look:
            return
        next_look = time.monotonic() + every_s
        stranded = {_found(case): ends for case in list_cases(site.base, AT_WORK) if (ends := _ends(case))}
        for found in stranded.keys() & suspected:
            _give_up(site, found, stranded[found])
        suspected = frozenset(stranded)

    return mend


def _ends(case: Case) -> str:
    """How the last workflow of a case ended; "" where one is alive, or none was begun."""
    flows = DBOS.list_workflows(workflow_ids=list(flows_of(case)), load_input=False, load_output=False)
    if any(flow.status in ALIVE for flow in flows):
        return ""
    last = max(flows, key=lambda flow: len(flow.workflow_id), default=None)
    return last.status if last else ""


def _found(case: Case) -> Found:
    return case.case, case.round, case.epoch, case.state


def _give_up(site: Site, found: Found, ends: str) -> None:
    case, round_, _, state = found
    held = claim_at(site.base, site.node, case, round_, [state])
    if held is None:
        return
    reason = f"case {case}: its work ended as {ends} while it was {state}; `oncontour node retry` begins it anew."
    try:
        move(site.base, site.node, held, State.QUARANTINED, reason=reason)
    except LostCaseError:
        return  # Another node gave it up, or a person began it anew.
