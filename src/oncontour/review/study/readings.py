"""What raters said of which source's masks: answers and the secret of a study, joined for its analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from oncontour.core.errors import InputError
from oncontour.review.study.make import Lost
from oncontour.review.study.plan import Kind, StudyPlan
from oncontour.review.study.scales import COMMENT, ORIGIN, score_of
from oncontour.review.study.sources import PLANS, SOURCES
from oncontour.review.study.study import Study
from oncontour.review.study.tables import ANSWERS, LOCKS, MASKS, PAGES


@dataclass(frozen=True)
class Reading:
    """What a rater said of a mask, on a locked page.

    Args:
        rater, case, source: names.
        kind: of the source.
        reading: 1, or 2 where the rater has seen the same masks before.
        read_by_all: whether all raters read the case.
        page, place: where it was shown, from 1.
        colour: it was shown in.
        score: within the scale.
        raw: as the rules gave it.
        called_ai: whether the rater took it for AI's; None where that was not asked.
        comment: may be empty.
        page_seconds: that the page took, all its masks together; a break between two showings is not counted.
        answers: question -> answer.
    """

    rater: str
    case: str
    source: str
    kind: Kind
    reading: int
    read_by_all: bool
    page: int
    place: int
    colour: str
    score: int
    raw: int
    called_ai: bool | None
    comment: str
    page_seconds: float
    answers: Mapping[str, Any]


@dataclass(frozen=True)
class Readings:
    """All of a study.

    Args:
        plan: of the study.
        rows: of locked pages, by rater, page and place.
        planned: rater -> masks to be read.
        lost: masks that could not be shown.
    """

    plan: StudyPlan
    rows: tuple[Reading, ...]
    planned: Mapping[str, int]
    lost: tuple[Lost, ...]


def read_readings(study: Study) -> Readings:
    """Unblind a study.

    Raises:
        InputError: its plan is not there.
    """
    with study.engine.connect() as connection:
        secret = connection.execute(select(PLANS)).mappings().first()
        if secret is None:
            raise InputError("the study's data base", "no plan", "that of the study", "Make the study anew.")
        answers: dict[str, dict[str, Any]] = {}
        seconds: dict[str, float] = {}
        for row in connection.execute(select(ANSWERS).order_by(ANSWERS.c.id)).mappings():
            answers.setdefault(row["mask"], {})[row["question"]] = row["value"]
            seconds[row["mask"]] = seconds.get(row["mask"], 0.0) + row["seconds"]
        joined = MASKS.join(PAGES, PAGES.c.token == MASKS.c.page).join(SOURCES, SOURCES.c.mask == MASKS.c.token)
        query = (
            select(
                MASKS.c.token, MASKS.c.page.label("page_token"), MASKS.c.place, MASKS.c.colour, PAGES.c.rater,
                PAGES.c.place.label("page"), SOURCES.c.case, SOURCES.c.source, SOURCES.c.kind, SOURCES.c.reading,
                SOURCES.c.read_by_all, LOCKS.c.seconds,
            )
            .select_from(joined.join(LOCKS, LOCKS.c.page == PAGES.c.token))
            .order_by(PAGES.c.rater, PAGES.c.place, MASKS.c.place)
        )  # fmt: skip
        locked = connection.execute(query).mappings().all()
        count = select(PAGES.c.rater, func.count()).select_from(joined).group_by(PAGES.c.rater)
        planned = dict(connection.execute(count).all())
    whole: dict[str, float] = {row["page_token"]: row["seconds"] for row in locked}
    for row in locked:
        whole[row["page_token"]] += seconds.get(row["token"], 0.0)
    rows = []
    for row in locked:
        said = answers[row["token"]]
        score = score_of(study.scale, said)
        rows.append(
            Reading(
                **{name: row[name] for name in _SHOWN},
                score=score.value,
                raw=score.raw,
                called_ai=said.get(ORIGIN),
                comment=said.get(COMMENT, ""),
                page_seconds=whole[row["page_token"]],
                answers=said,
            )
        )
    lost = tuple(Lost(**one) for one in secret["lost"])
    return Readings(StudyPlan.model_validate(secret["plan"]), tuple(rows), planned, lost)


_SHOWN = ("rater", "case", "source", "kind", "reading", "read_by_all", "page", "place", "colour")
"""What of a reading stands in the tables as it is."""
