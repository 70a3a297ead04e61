"""Whose each mask is: the secret of a study, written when it is drawn, read by its analysis alone."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table

from oncontour.review.study.tables import MASKS, METADATA, TOKEN

SOURCES = Table(
    "study_sources",
    METADATA,
    Column("mask", TOKEN, ForeignKey(MASKS.c.token), primary_key=True),
    Column("case", String(200), nullable=False),
    Column("source", String(64), nullable=False),
    Column("kind", String(8), nullable=False),  # expert or model
    Column("reading", Integer, nullable=False),  # 1, or 2 where the rater has seen the same masks before
    Column("read_by_all", Boolean, nullable=False),
)

PLANS = Table(
    "study_plans",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("plan", JSON, nullable=False),
    Column("lost", JSON, nullable=False),  # masks that could not be used: case, source, why
)
