"""What a rater is shown, and may do: one page after the other, each answer saved at once, no way back.

Nothing that these functions return, or raise, says whose a mask is: this module does not know it (an import contract
keeps it so). Times are the data base's: an answer's seconds run from when its page was last shown or answered, so that
a break between two showings is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection, RowMapping

from oncontour.core.errors import InputError
from oncontour.data.database import now
from oncontour.review.study.scales import check_answer, lacking
from oncontour.review.study.study import Study
from oncontour.review.study.tables import ANSWERS, CASES, LOCKS, MASKS, PAGES, RATERS, SHOWINGS


class LockedError(InputError):
    """A page that is not the rater's current one: locked, or not come to yet."""


@dataclass(frozen=True)
class ShownMask:
    """A mask on a page.

    Args:
        mask: its token.
        colour: as in "#e69f00".
        file: uint8 NIfTI, not compressed, all of a case of one size; its name goes to nobody.
    """

    mask: str
    colour: str
    file: Path


@dataclass(frozen=True)
class Item:
    """A page to rate.

    Args:
        item: its token.
        number, of: such as 3 of 100.
        masks: in the order in which they are shown.
        images: sequence -> NIfTI file to show them on; may be empty.
        answers: mask -> question -> what has been answered so far.
    """

    item: str
    number: int
    of: int
    masks: tuple[ShownMask, ...]
    images: Mapping[str, Path]
    answers: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Progress:
    """How far a rater is.

    Args:
        rater: name.
        locked, of: pages.
        seconds: that the locked pages took.
    """

    rater: str
    locked: int
    of: int
    seconds: float


def raters(study: Study) -> tuple[str, ...]:
    """Names of all raters."""
    with study.engine.connect() as connection:
        return tuple(connection.execute(select(RATERS.c.rater).order_by(RATERS.c.rater)).scalars())


def next_item(study: Study, rater: str) -> Item | None:
    """The page that a rater is at, with what has been answered of it; None where all are locked.

    Raises:
        InputError: no such rater.
    """
    with study.engine.begin() as connection:
        _check_rater(connection, rater)
        page = _current(connection, rater)
        if page is None:
            return None
        images = connection.execute(select(CASES.c.images).where(CASES.c.token == page["case"])).scalar_one()
        return Item(
            item=page["token"],
            number=page["place"],
            of=_pages(connection, rater),
            masks=_masks(connection, study, page["token"]),
            images={sequence: study.files / name for sequence, name in images.items()},
            answers=_answers(connection, page["token"]),
        )


def shown(study: Study, rater: str, item: str) -> None:
    """Note that a page stands before its rater: its time runs from now.

    Raises:
        InputError: no such rater.
        LockedError: not the page that the rater is at.
    """
    with study.engine.begin() as connection:
        _check_rater(connection, rater)
        at, _ = _touch(connection, rater, item)
        connection.execute(SHOWINGS.insert(), {"page": item, "at": at})


def answer(study: Study, rater: str, mask: str, question: str, value: Any) -> None:
    """Save one answer. An earlier one to the same question is kept, and counts no more.

    Raises:
        InputError: no such rater, or no answer to that question.
        LockedError: the mask is not on the page that the rater is at.
    """
    check_answer(study.questions, question, value)
    with study.engine.begin() as connection:
        _check_rater(connection, rater)
        page = connection.execute(select(MASKS.c.page).where(MASKS.c.token == mask)).scalar()
        at, seconds = _touch(connection, rater, page)
        row = {"mask": mask, "question": question, "value": value, "at": at, "seconds": seconds}
        connection.execute(ANSWERS.insert(), row)


def lock(study: Study, rater: str, item: str) -> None:
    """Finish a page: its answers stand, and the next one comes.

    Raises:
        InputError: no such rater, or a question without an answer.
        LockedError: not the page that the rater is at.
    """
    with study.engine.begin() as connection:
        _check_rater(connection, rater)
        at, seconds = _touch(connection, rater, item)
        answers = _answers(connection, item)
        for number, one in enumerate(answers.values(), start=1):
            missing = lacking(study.questions, one)
            if missing:
                raise InputError(f"mask {number}", f"no answer to {missing[0]!r}", "one to each question", "Answer it.")
        connection.execute(LOCKS.insert(), {"page": item, "at": at, "seconds": seconds})


def progress(study: Study, rater: str) -> Progress:
    """How far a rater is.

    Raises:
        InputError: no such rater.
    """
    with study.engine.connect() as connection:
        _check_rater(connection, rater)
        own = PAGES.join(LOCKS, LOCKS.c.page == PAGES.c.token)
        mine = PAGES.c.rater == rater
        query = select(func.count(), func.coalesce(func.sum(LOCKS.c.seconds), 0.0)).select_from(own).where(mine)
        locked, last = connection.execute(query).one()
        answered = select(func.coalesce(func.sum(ANSWERS.c.seconds), 0.0)).select_from(
            own.join(MASKS, MASKS.c.page == PAGES.c.token).join(ANSWERS, ANSWERS.c.mask == MASKS.c.token)
        )
        seconds = last + connection.execute(answered.where(mine)).scalar_one()
        return Progress(rater, locked, _pages(connection, rater), float(seconds))


def _check_rater(connection: Connection, rater: str) -> None:
    if connection.execute(select(RATERS.c.rater).where(RATERS.c.rater == rater)).first() is None:
        raise InputError("rater", repr(rater), "a rater of this study", "Correct the name.")


def _pages(connection: Connection, rater: str) -> int:
    return connection.execute(select(func.count()).select_from(PAGES).where(PAGES.c.rater == rater)).scalar_one()


def _current(connection: Connection, rater: str) -> RowMapping | None:
    """The first page that is not locked; on PostgreSQL nobody else changes it until the transaction ends."""
    query = (
        select(PAGES)
        .where(PAGES.c.rater == rater, PAGES.c.token.not_in(select(LOCKS.c.page)))
        .order_by(PAGES.c.place)
        .limit(1)
    )
    return connection.execute(query.with_for_update()).mappings().first()


def _touch(connection: Connection, rater: str, page: str | None) -> tuple[float, float]:
    """Now, and seconds since anything happened to a page, which must be the rater's current one."""
    current = _current(connection, rater)
    if current is None or current["token"] != page:
        expected = "one on the page that you are at"
        raise LockedError("page or mask", "one that is locked, or not yet come to", expected, "Load the page again.")
    # On PostgreSQL another may have locked the page while this waited for its row.
    if connection.execute(select(LOCKS.c.page).where(LOCKS.c.page == page)).first() is not None:
        raise LockedError("page", "locked meanwhile", "one that is open", "Load the page again.")
    answers = ANSWERS.join(MASKS, MASKS.c.token == ANSWERS.c.mask)
    shown = connection.execute(select(func.max(SHOWINGS.c.at)).where(SHOWINGS.c.page == page)).scalar()
    said = connection.execute(select(func.max(ANSWERS.c.at)).select_from(answers).where(MASKS.c.page == page)).scalar()
    at = now(connection)
    return at, max(0.0, at - max((one for one in (shown, said) if one is not None), default=at))


def _masks(connection: Connection, study: Study, page: str) -> tuple[ShownMask, ...]:
    query = select(MASKS).where(MASKS.c.page == page).order_by(MASKS.c.place)
    rows = connection.execute(query).mappings()
    return tuple(ShownMask(row["token"], row["colour"], study.files / row["file"]) for row in rows)


def _answers(connection: Connection, page: str) -> dict[str, dict[str, Any]]:
    """Mask -> question -> last answer, of all masks of a page."""
    tokens = connection.execute(select(MASKS.c.token).where(MASKS.c.page == page).order_by(MASKS.c.place)).scalars()
    found: dict[str, dict[str, Any]] = {token: {} for token in tokens}
    query = select(ANSWERS).where(ANSWERS.c.mask.in_(found)).order_by(ANSWERS.c.id)
    for row in connection.execute(query).mappings():
        found[row["mask"]][row["question"]] = row["value"]
    return found
