"""The tables. Times are seconds since 1970 (UTC) by the data base's own clock, which all nodes share."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Integer, MetaData, String, Table, Text

METADATA = MetaData()

CASES = Table(
    "oncontour_cases",
    METADATA,
    Column("case", String(40), primary_key=True),  # <study>-<part>
    Column("study", String(32), nullable=False, index=True),  # token of its StudyInstanceUID
    Column("part", Integer, nullable=False),  # 1, and 2 where late images came
    Column("images", JSON, nullable=False),  # names in the spool: what the case is made of
    Column("sender", String(64), nullable=False),
    Column("complete_by", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("rule", String(64)),
    Column("bundle", String(200)),
    Column("priority", Integer, nullable=False),
    Column("reason", Text),
    Column("node", String(64)),
    Column("epoch", Integer, nullable=False),  # rises with each take-over; who has an older one must not deliver
    Column("round", Integer, nullable=False),  # rises when a person says "again"
    Column("result", JSON),  # volumes, checks, bundle's hash, seconds of each stage
    Column("first_at", Float, nullable=False),
    Column("last_at", Float, nullable=False, index=True),
    Column("complete_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False, index=True),
)

DELIVERIES = Table(
    "oncontour_deliveries",
    METADATA,
    Column("case", String(40), ForeignKey(CASES.c.case, ondelete="CASCADE"), primary_key=True),
    Column("peer", String(64), primary_key=True),
    Column("instance", String(64), primary_key=True, index=True),
    Column("file", String(200), nullable=False),
    Column("sent", Integer, nullable=False),
    Column("there_at", Float),  # when the peer was seen to have it
)

COMMITMENTS = Table(
    "oncontour_commitments",
    METADATA,
    Column("transaction", String(64), primary_key=True),
    Column("instance", String(64), primary_key=True),
    Column("case", String(40), ForeignKey(CASES.c.case, ondelete="CASCADE"), nullable=False, index=True),
    Column("peer", String(64), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("accepted_at", Float),  # when the peer took the request
    Column("outcome", String(16)),  # committed, failed, overdue; none while the report is waited for
    Column("failure", Integer),  # why the peer does not keep it, PS3.3 C.14.1.1
)

TOTALS = Table(
    "oncontour_totals",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("label", String(64), primary_key=True),  # a stage, a peer
    Column("number", BigInteger, nullable=False),
    Column("sum", Float, nullable=False),
)

NODES = Table(
    "oncontour_nodes",
    METADATA,
    Column("node", String(64), primary_key=True),
    Column("beat_at", Float, nullable=False),
)

EVENTS = Table(
    "oncontour_events",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False, index=True),
    Column("node", String(64), nullable=False),
    Column("case", String(40), index=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("detail", JSON, nullable=False),
)

MARKS = Table(
    "oncontour_marks",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case", String(40), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("useful", Boolean, nullable=False),
    Column("source", String(64), nullable=False),
    Column("reason", Text, nullable=False),
)

SEEN = Table(
    "oncontour_seen",
    METADATA,
    Column("case", String(40), primary_key=True),
    Column("at", Float, nullable=False, index=True),
    Column("rule", String(64)),
    Column("descriptions", JSON, nullable=False),
)
"""Free text of headers, which may name a patient: for `node drift`, and removed with the case."""
