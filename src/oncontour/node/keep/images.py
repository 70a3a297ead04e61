"""Removing a study's images, so that none is lost that came this very moment.

    spool/leaving/<study>    taken away in one step; what comes later begins the study's folder anew

Then the ledger is asked once more. What no case has goes back, and all of it where the study is no longer due; the rest
is removed. A kill leaves the folder there, and the next look finishes it. Two nodes that do so at once do no more than
either would.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sqlalchemy import Engine, delete

from oncontour.data.files import explained
from oncontour.node.completion.inventory import of_no_patient
from oncontour.node.ledger.case import Case, Standing, present
from oncontour.node.ledger.cases import parts_of, standings
from oncontour.node.ledger.events import add_event
from oncontour.node.ledger.tables import SEEN
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import image_names, move_study, read_image

LEAVING = "leaving"

Due = Callable[[Sequence[Standing]], bool]
"""Whether a study whose cases stand so may go."""


def take_away(spool: Spool, study: str) -> Path | None:
    """A study's folder, out of everybody's reach; None where it is gone.

    Raises:
        OutputError: it cannot be moved.
    """
    if not (spool.studies / study).is_dir():
        return None
    return move_study(spool, study, spool.folder / LEAVING)


def taken_away(spool: Spool) -> list[Path]:
    """Folders that were taken away and are still there."""
    folder = spool.folder / LEAVING
    return sorted(folder.iterdir()) if folder.is_dir() else []


def without_case(base: Engine, folder: Path, parts: Collection[Case]) -> list[str]:
    """Names of the images of patients in a study's folder that none of these cases has: they must not be removed."""
    known = {name for part in parts for name in part.images}
    read = {name: read_image(folder / name) for name in image_names(folder) - known}
    images = {name: image for name, image in read.items() if image is not None}
    return sorted(images.keys() - of_no_patient(base, images))


def remove_taken(base: Engine, who: str, spool: Spool, cases: Path, folder: Path, due: Due, why: str) -> bool:
    """Remove a folder that was taken away, and the descriptions of its study; whether it did.

    Args:
        who: in the audit trail.
        cases: folder of cases' images, whose links would keep them.
        due: asked now that nobody can begin the study's cases anew.

    Raises:
        OutputError: the system refuses.
    """
    study = folder.name.partition(".")[0]
    gone = due(standings(base, [study]))
    with explained(folder):
        names = image_names(folder)
        parts = parts_of(base, study)
        parts = present(parts) or parts  # All of it purged: it is a purge that took it away.
        back = without_case(base, folder, parts) if gone else sorted(names)
        for name in back:
            spool.put_back(folder / name, study)
        if gone:
            _tell(base, who, parts, len(names) - len(back), why)
            for part in parts:
                for inputs in (cases / part.case, *cases.glob(f"{part.case}.*")):
                    shutil.rmtree(inputs, ignore_errors=True)
        shutil.rmtree(folder)
    return gone


def _tell(base: Engine, who: str, parts: Collection[Case], images: int, why: str) -> None:
    with base.begin() as connection:
        for case in [part.case for part in parts] or [None]:
            connection.execute(delete(SEEN).where(SEEN.c.case == case))
            add_event(connection, who, "images removed", case, images=images, why=why)
