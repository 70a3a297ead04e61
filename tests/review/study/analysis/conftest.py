"""Readings as they would stand in a study's data base, without one."""

from __future__ import annotations

import pytest

from oncontour.review.study.readings import Reading, Readings

from ..conftest import study_plan


def reading(rater, case, source, score, called_ai=None, which=1) -> Reading:
    return Reading(
        rater=rater, case=case, source=source, kind="expert" if source.startswith(("e", "manual")) else "model",
        reading=which, read_by_all=False, page=1, place=1, colour="#e69f00", score=score, raw=score,
        called_ai=called_ai, comment="", page_seconds=30.0, answers={"score": score},
    )  # fmt: skip


@pytest.fixture
def read():
    return reading


@pytest.fixture
def study():
    """A study of those readings."""

    def made(rows, sources, scale="likert") -> Readings:
        kinds = {name: "expert" if name.startswith(("e", "manual")) else "model" for name in sources}
        named = {name: {"kind": kind, "masks": name} for name, kind in kinds.items()}
        raters = {rater: {} for rater in dict.fromkeys(row.rater for row in rows)}
        bounds = {"experts": (0, 2), "models": (0, 2)}
        plan = study_plan(scale=scale, raters=raters, draw=bounds).model_dump(mode="json") | {"sources": named}
        from oncontour.review.study.plan import StudyPlan

        planned = {rater: sum(row.rater == rater for row in rows) for rater in raters}
        return Readings(StudyPlan.model_validate(plan), tuple(rows), planned, ())

    return made
