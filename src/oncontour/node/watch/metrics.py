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
from oncontour.node.ledger.tables import CASES, MARKS
from oncontour.node.ledger.totals import DELIVERED_SECONDS, OBJECTS_THERE, STAGE_SECONDS, Total, totals_of


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
            poor = dict(connection.execute(select(MARKS.c.useful, func.count()).group_by(MARKS.c.useful)).all())
        totals = totals_of(self._base)
        cases = GaugeMetricFamily("oncontour_cases", "Cases by state.", labels=["state"])
        for state in State:
            cases.add_metric([state], states.get(state, 0))
        yield cases
        stages = SummaryMetricFamily("oncontour_stage_seconds", "Time of each stage of a case.", labels=["stage"])
        for stage, total in totals.get(STAGE_SECONDS, {}).items():
            stages.add_metric([stage], total.number, total.sum)
        yield stages
        whole = SummaryMetricFamily("oncontour_delivered_seconds", "From the last image of a study to its delivery.")
        delivered = totals.get(DELIVERED_SECONDS, {}).get("", Total(0))
        whole.add_metric([], delivered.number, delivered.sum)
        yield whole
        objects = CounterMetricFamily("oncontour_objects_delivered", "Objects that peers took.", labels=["peer"])
        for peer, total in totals.get(OBJECTS_THERE, {}).items():
            objects.add_metric([peer], total.number)
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
