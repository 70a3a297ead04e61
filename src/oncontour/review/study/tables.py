"""The tables that raters' pages are made of. Whose a mask is stands in `sources`, and nowhere here.

Tokens are random, not drawn from the plan's seed: nothing can be derived from them. Times are seconds since 1970 (UTC)
by the data base's own clock.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

TOKEN = String(32)

ABOUT = Table(
    "study_about",
    METADATA,
    Column("id", Integer, primary_key=True),  # 1: a data base holds one study
    Column("name", String(64), nullable=False),
    Column("scale", String(16), nullable=False),
    Column("ask_origin", Boolean, nullable=False),
    Column("sequences", JSON, nullable=False),  # of which the two-step scale asks
    Column("scheme", String(32), nullable=False),
    Column("region", String(32), nullable=False),
    Column("instructions", Text, nullable=False),
    Column("files", Text, nullable=False),  # folder of copies; relative to an SQLite file
    Column("made_at", Float, nullable=False),
)

RATERS = Table("study_raters", METADATA, Column("rater", String(64), primary_key=True))

CASES = Table(
    "study_cases",
    METADATA,
    Column("token", TOKEN, primary_key=True),
    Column("images", JSON, nullable=False),  # sequence -> file
)

PAGES = Table(
    "study_pages",
    METADATA,
    Column("token", TOKEN, primary_key=True),
    Column("rater", String(64), ForeignKey(RATERS.c.rater), nullable=False),
    Column("place", Integer, nullable=False),  # 1, 2, ... in the order in which they are shown
    Column("case", TOKEN, ForeignKey(CASES.c.token), nullable=False),
    UniqueConstraint("rater", "place"),
)

MASKS = Table(
    "study_masks",
    METADATA,
    Column("token", TOKEN, primary_key=True),
    Column("page", TOKEN, ForeignKey(PAGES.c.token), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("colour", String(7), nullable=False),
    Column("file", String(64), nullable=False),
)

SHOWINGS = Table(
    "study_showings",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("page", TOKEN, ForeignKey(PAGES.c.token), nullable=False, index=True),
    Column("at", Float, nullable=False),
)

ANSWERS = Table(
    "study_answers",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),  # only ever added to: the last of a question counts
    Column("mask", TOKEN, ForeignKey(MASKS.c.token), nullable=False, index=True),
    Column("question", String(64), nullable=False),
    Column("value", JSON, nullable=False),
    Column("at", Float, nullable=False),
    Column("seconds", Float, nullable=False),  # since the page was last shown or answered
)

LOCKS = Table(
    "study_locks",
    METADATA,
    Column("page", TOKEN, ForeignKey(PAGES.c.token), primary_key=True),
    Column("at", Float, nullable=False),
    Column("seconds", Float, nullable=False),
)
