"""What a person does at a node: look, ask why, have a case done again, let it go. It need not run meanwhile."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, select

from oncontour.core.errors import InputError
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.keep.images import remove_taken, take_away, taken_away, without_case
from oncontour.node.keep.results import remove_results
from oncontour.node.ledger.case import BY_HAND, ENDS, Case, State, present
from oncontour.node.ledger.cases import again, claim, move, parts_of
from oncontour.node.ledger.tables import CASES
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


def images_of(studies: Path, case: Case) -> list[Path]:
    """The files of a case's images.

    Args:
        studies: folder of studies that have come.

    Raises:
        InputError: they were removed.
    """
    files = [studies / case.study / image for image in case.images]
    gone = sum(not file.is_file() for file in files)
    if gone:
        remedy = "`oncontour node purge`, then have the whole study sent again."
        raise InputError(f"case {case.case}", f"{gone} of {len(files)} images were removed", "all of them", remedy)
    return files


def retry(base: Engine, studies: Path, case: Case, bundle: str | None = None) -> Case:
    """Have a case done again from its beginning; a running node takes it up within seconds.

    Args:
        studies: folder of studies that have come.
        bundle: to process it with, whatever the rules say; None: as they say.

    Raises:
        InputError: it is at work, or its images are gone.
    """
    if case.state is State.PURGED:
        remedy = "Have the study sent again: it is a new one then."
        raise InputError(f"case {case.case}", str(case.state), "a case that has images", remedy)
    if case.state not in ENDS:
        raise InputError(f"case {case.case}", str(case.state), "a case that has ended", "Wait for its end.")
    images_of(studies, case)
    return again(base, PERSON, case.case, rule=BY_HAND if bundle else None, bundle=bundle)


def purge(base: Engine, settings: NodeSettings, case: Case) -> None:
    """Remove a study's images and the results of all its parts; the ledger keeps that they were there.

    Raises:
        InputError: a part of it is at work, or has images that no case has yet.
        OutputError: the system refuses.
    """
    parts, spool = parts_of(base, case.study), Spool(settings.place / "spool")
    for part in parts:
        if part.state not in ENDS:
            raise InputError(f"case {part.case}", str(part.state), "a case that has ended", "Wait for its end.")
    folder = spool.studies / case.study
    if folder.is_dir() and (late := without_case(base, folder, present(parts))):
        found = f"{len(late)} images that no case has yet"
        raise InputError(f"study {case.study}", found, "a study that is complete", "Wait until it is.")
    take_away(spool, case.study)
    for part in parts:
        move(base, PERSON, claim(base, PERSON, part.case), State.PURGED)
        for results in sorted((settings.place / "results").glob(f"{part.case}.*")):
            remove_results(base, PERSON, results, "purge")
    for taken in taken_away(spool):
        if taken.name.startswith(case.study):
            remove_taken(base, PERSON, spool, settings.place / "cases", taken, lambda _: True, "purge")
