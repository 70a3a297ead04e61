"""What a person does at a node: look, ask why, have a case done again, let it go. It need not run meanwhile."""

from __future__ import annotations

import shutil

from sqlalchemy import Engine, delete, select

from oncontour.core.errors import InputError
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.ledger.case import BY_HAND, ENDS, Case, State
from oncontour.node.ledger.cases import again, claim, move, parts_of
from oncontour.node.ledger.tables import CASES, SEEN
from oncontour.node.spool.store import Spool

PERSON = "person"
"""Who did it, in the audit trail."""


def find_case(base: Engine, name: str) -> Case:
    """A case by its name, or a study's latest part by its token or the beginning of it.

    Raises:
        InputError: none, or several.
    """
    with base.connect() as connection:
        query = select(CASES.c.study).where(CASES.c.case.startswith(name, autoescape=True))
        found = set(connection.execute(query).scalars())
    if len(found) != 1:
        there = f"{len(found)} studies of that name" if found else "no case of that name"
        raise InputError(name, there, "the name of one case", "`oncontour node status` lists them.")
    parts = parts_of(base, found.pop())
    return next((part for part in parts if part.case == name), parts[-1])


def retry(base: Engine, case: Case, bundle: str | None = None) -> Case:
    """Have a case done again from its beginning; a running node takes it up within seconds.

    Args:
        bundle: to process it with, whatever the rules say; None: as they say.

    Raises:
        InputError: it is at work, or its images are gone.
    """
    if case.state not in ENDS or case.state is State.PURGED:
        raise InputError(
            f"case {case.case}", str(case.state), "a case that has ended and has images", "Wait for its end."
        )
    return again(base, PERSON, case.case, rule=BY_HAND if bundle else None, bundle=bundle)


def purge(base: Engine, settings: NodeSettings, case: Case) -> None:
    """Remove a study's images and the results of all its parts; the ledger keeps that they were there.

    Raises:
        InputError: a part of it is at work.
    """
    parts = parts_of(base, case.study)
    for part in parts:
        if part.state not in ENDS:
            raise InputError(f"case {part.case}", str(part.state), "a case that has ended", "Wait for its end.")
    for part in parts:
        move(base, PERSON, claim(base, PERSON, part.case), State.PURGED)
        with base.begin() as connection:
            connection.execute(delete(SEEN).where(SEEN.c.case == part.case))
        for folder in (settings.place / "results").glob(f"{part.case}.*"):
            shutil.rmtree(folder)
        shutil.rmtree(settings.place / "cases" / part.case, ignore_errors=True)
    shutil.rmtree(Spool(settings.place / "spool").studies / case.study, ignore_errors=True)
