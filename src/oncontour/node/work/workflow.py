"""The durable part: cases as DBOS workflows, so that a node killed at any moment goes on at the unfinished step.

DBOS keeps one instance a process. A case is three workflows, each in a queue of its own: routing, which is quick and
tells how urgent a case is; segmentation, few at once; delivery, which waits for its peers and must not hold up the next
patient. A workflow's name is that of the case with the number of its round, so starting one twice starts it once.

What is not a recorded step runs again after a crash: that is how each execution claims its case anew, and how one that
wakes up after another node took over is kept from delivering (`Site.lost`). A case moves forward alone: a workflow that
is run again when its case is past it only sees to it that the next one is in its queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID

from oncontour.core.errors import (
    BundleError,
    GeometryError,
    ImageContentError,
    InputError,
    OncontourError,
    SequenceError,
)
from oncontour.node.ledger.case import Case, State
from oncontour.node.ledger.cases import claim_at, get_case, list_cases
from oncontour.node.work import steps
from oncontour.node.work.mend import mender
from oncontour.node.work.site import Route, Site

ROUTES, SEGMENTATIONS, DELIVERIES = "oncontour-routes", "oncontour-segmentations", "oncontour-deliveries"

AT_ONCE = 8
"""Routes, and deliveries, on one node."""

LOOK_S = 0.3
"""Between two looks at a queue; a case is in three."""

STEPS_VERSION = "2"
"""Of the order of steps below: a node of another version leaves these workflows to nodes of this one."""

HOPELESS = (InputError, GeometryError, ImageContentError, SequenceError, BundleError)
"""Errors of the study or the bundle: another try would find the same."""


@dataclass(frozen=True)
class Work:
    """How cases are set to work.

    Args:
        begin: put all complete cases into the queue; those that are there stay as they are.
        take_over: go on with what silent nodes left unfinished; how many workflows.
        mend: give up cases that nothing works on any more; to be called again and again.
        stop: let the queues end.
    """

    begin: Callable[[], None]
    take_over: Callable[[Sequence[str]], int]
    mend: Callable[[], None]
    stop: Callable[[], None]


def start(site: Site, url: str) -> Work:
    """Begin to work: what this node left unfinished goes on.

    Args:
        url: of the data base, as SQLAlchemy has it.
    """
    config: DBOSConfig = {
        "name": "oncontour",
        "system_database_url": url,
        "executor_id": site.node,
        "application_version": STEPS_VERSION,
        "log_level": "CRITICAL",  # Its lines hold the text of errors; ours are in the ledger.
    }
    DBOS(config=config)
    route = _register(site)
    DBOS.launch()
    for queue, at_once in ((ROUTES, AT_ONCE), (SEGMENTATIONS, site.work.cases_at_once), (DELIVERIES, AT_ONCE)):
        DBOS.register_queue(queue, worker_concurrency=at_once, polling_interval_sec=LOOK_S, on_conflict="always_update")

    def begin() -> None:
        for case in list_cases(site.base, [State.COMPLETE]):
            with SetWorkflowID(f"{case.case}:{case.round}"):
                DBOS.enqueue_workflow(ROUTES, route, case.case)

    return Work(begin, _take_over, mender(site), DBOS.destroy)


def _take_over(nodes: Sequence[str]) -> int:
    # Not resume_workflow(): of two survivors, the slower would take from the faster what that has begun already.
    return len(DBOS._recover_pending_workflows(list(nodes))) if nodes else 0


def _register(site: Site) -> Callable[[str], None]:
    """The workflows of this process; before DBOS is launched. The first of them."""
    work, delivery = site.work, site.delivery

    @DBOS.step(name="decide", retries_allowed=True)
    def decide(held: Case) -> dict[str, Any]:
        return asdict(steps.decide(site, held))

    @DBOS.step(
        name="segment",
        retries_allowed=work.tries > 1,
        max_attempts=work.tries,
        interval_seconds=work.back_off_s,
        should_retry=lambda error: not isinstance(error, HOPELESS),
    )
    def segment(held: Case, bundle: str) -> str:
        return steps.segment(site, held, bundle)

    @DBOS.step(name="deliver")
    def deliver(held: Case, folder: str) -> dict[str, str]:
        try:
            return steps.deliver(site, held, folder)
        except Exception as error:  # A result that is gone, a disk that fails: another try may find it mended.
            return {site.node: _why(error)}

    @DBOS.workflow(name="delivery")
    def delivery_workflow(case: str) -> None:
        held = claim_at(site.base, site.node, case, _round(), [State.DELIVERING])
        if held is None:
            return
        assert held.result is not None
        left: dict[str, str] = {}
        for tried in range(delivery.tries):
            left = deliver(held, held.result["folder"])
            if not left:
                steps.tidy(site, held)
                steps.settle(site, held, State.DELIVERED)
                return
            DBOS.sleep(min(delivery.back_off_s * 2 ** min(tried, 16), delivery.longest_s))
        reason = "; ".join(f"{peer}: {why}" for peer, why in sorted(left.items()))
        steps.settle(site, held, State.QUARANTINED, reason=reason)

    @DBOS.workflow(name="segmentation")
    def segmentation_workflow(case: str, bundle: str, peers: list[str]) -> None:
        held = claim_at(site.base, site.node, case, _round(), [State.WAITING, State.WORKING])
        if held is None:
            if not _is_at(site, case, State.DELIVERING):
                return
            segment(get_case(site.base, case), bundle)  # Recorded: only its place among the steps is kept.
        else:
            try:
                steps.settle(site, held, State.WORKING)
                folder = segment(held, bundle)
                objects = steps.plan(site, held, folder, peers)
                result = steps.read_result(site, held, folder) | {"objects": objects}
            except Exception as error:
                steps.settle(site, held, State.QUARANTINED, reason=_why(error))
                return
            steps.settle(site, held, State.DELIVERING, result=result)
        with SetWorkflowID(f"{DBOS.workflow_id}:deliver"):
            DBOS.enqueue_workflow(DELIVERIES, delivery_workflow, case)

    @DBOS.workflow(name="route")
    def route_workflow(case: str) -> None:
        held = claim_at(site.base, site.node, case, _round(), [State.COMPLETE])
        if held is None and not _is_at(site, case, State.WAITING):
            return
        try:
            decided = decide(held or get_case(site.base, case))
        except Exception as error:
            if held is not None:
                steps.settle(site, held, State.QUARANTINED, reason=_why(error))
            return
        route = Route(**{**decided, "peers": tuple(decided["peers"])})
        told = {"rule": route.rule, "bundle": route.bundle, "priority": route.priority, "reason": route.reason}
        if held is not None and (route.action != "process" or route.bundle is None):
            steps.tidy(site, held)
            steps.settle(site, held, State.IGNORED if route.action == "ignore" else State.HELD, **told)
            return
        assert route.bundle is not None
        if held is not None:
            steps.settle(site, held, State.WAITING, **told)
        with SetWorkflowID(f"{DBOS.workflow_id}:segment"), SetEnqueueOptions(priority=max(route.priority, 1)):
            DBOS.enqueue_workflow(
                SEGMENTATIONS, segmentation_workflow, case, route.bundle, list(route.peers or delivery.to)
            )

    return route_workflow


def _round() -> int:
    """Of the case, as the name of this workflow says it."""
    return int((DBOS.workflow_id or "").split(":")[1])


def _is_at(site: Site, case: str, state: State) -> bool:
    """Whether this round of a case is at a state: its next workflow may not be in the queue yet."""
    there = get_case(site.base, case)
    return there.round == _round() and there.state is state


def _why(error: Exception) -> str:
    """Why a case failed, in words that name no patient."""
    tries = getattr(error, "errors", None)  # DBOS's own, when a step has failed as often as it may.
    if tries:
        return f"{_why(tries[-1])} ({len(tries)} tries)"
    return str(error) if isinstance(error, OncontourError) else f"an unforeseen {type(error).__name__}"
