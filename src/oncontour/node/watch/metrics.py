"""What Prometheus reads: made of the ledger at each reading, so that nothing is counted twice or lost by a restart."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Engine, func, select

from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import counts_of_states
from oncontour.node.ledger.tables import CASES, DELIVERIES, MARKS


def metrics_text(base: Engine, place: Path) -> bytes:
    """All metrics, in Prometheus' text format.

    Raises:
        SQLAlchemyError: the data base does not answer.
    """
    registry = CollectorRegistry()
    registry.register(_Ledger(base, place))
    return generate_latest(registry)


class _Ledger(Collector):
    """See https://prometheus.io/docs/practices/naming/ for the names."""

    def __init__(self, base: Engine, place: Path) -> None:
        self._base, self._place = base, place

    def describe(self) -> list[Metric]:
        """Nothing, so that registering does not read the data base."""
        return []

    def collect(self) -> Iterator[Metric]:
        states = counts_of_states(self._base)
        with self._base.connect() as connection:
            last = connection.execute(select(func.max(CASES.c.last_at))).scalar()
            results = list(connection.execute(select(CASES.c.result).where(CASES.c.result.is_not(None))).scalars())
            waits = connection.execute(
                select(func.count(), func.sum(CASES.c.changed_at - CASES.c.last_at)).where(
                    CASES.c.state == State.DELIVERED
                )
            ).one()
            delivered = connection.execute(
                select(DELIVERIES.c.peer, func.count())
                .where(DELIVERIES.c.there_at.is_not(None))
                .group_by(DELIVERIES.c.peer)
            )
            poor = dict(connection.execute(select(MARKS.c.useful, func.count()).group_by(MARKS.c.useful)).all())
            delivered = list(delivered)
        cases = GaugeMetricFamily("oncontour_cases", "Cases by state.", labels=["state"])
        for state in State:
            cases.add_metric([state], states.get(state, 0))
        yield cases
        stages = SummaryMetricFamily("oncontour_stage_seconds", "Time of each stage of a case.", labels=["stage"])
        for stage in sorted({stage for result in results for stage in result["seconds"]}):
            times = [result["seconds"][stage] for result in results if stage in result["seconds"]]
            stages.add_metric([stage], len(times), sum(times))
        yield stages
        whole = SummaryMetricFamily("oncontour_delivered_seconds", "From the last image of a study to its delivery.")
        whole.add_metric([], waits[0], float(waits[1] or 0.0))
        yield whole
        objects = CounterMetricFamily("oncontour_objects_delivered", "Objects that peers have.", labels=["peer"])
        for peer, number in delivered:
            objects.add_metric([peer], number)
        yield objects
        marks = CounterMetricFamily("oncontour_marks", "Results that readers marked.", labels=["useful"])
        for useful in (True, False):
            marks.add_metric([str(useful).lower()], poor.get(useful, 0))
        yield marks
        yield GaugeMetricFamily(
            "oncontour_last_image_timestamp_seconds", "When the last image came.", value=last or 0.0
        )
        free = shutil.disk_usage(self._place).free
        yield GaugeMetricFamily("oncontour_disk_free_bytes", "Room on the disk of the spool.", value=free)
