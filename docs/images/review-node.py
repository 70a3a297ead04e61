"""Draw docs/images/review-node.png: the page of a node's cases. Run from the repository's root, after `make demo`.

The demo's study and its result are put into a node's place as a delivered case; beside it lie cases that wait, are
worked on, are held, or are in quarantine. Needs Debian's Chromium. Another folder for the picture, and a width and
height in pixels, may be given.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from served import served, shoot, wanted
from sqlalchemy import Engine, update

from oncontour.node.configuration.load import load_settings
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State, case_name
from oncontour.node.ledger.cases import claim, make_case, move
from oncontour.node.ledger.tables import CASES
from oncontour.node.spool.uids import token

DEMO = Path("demo")
MINUTE_S = 60.0


def add(
    base: Engine, place: Path, number: int, state: State, minutes: float, files: Iterable[Path] = (), **values: Any
) -> None:
    """A case that came so many minutes ago and is in a state by now."""
    study = token(f"1.2.3.{number}")
    folder = place / "spool" / "studies" / study
    folder.mkdir(parents=True)
    for n, file in enumerate(files):
        shutil.copy(file, folder / f"{n}.dcm")
    names, at = sorted(path.name for path in folder.iterdir()), time.time() - minutes * MINUTE_S
    case = make_case(base, "node-1", study, 1, names, sender="MR1", complete_by="count", first_at=at, last_at=at)
    assert case is not None, "each study is new"
    move(base, "node-1", claim(base, "node-1", case.case), state, **values)
    with base.begin() as connection:
        connection.execute(update(CASES).where(CASES.c.case == case.case).values(complete_at=at, changed_at=at))


def fill(base: Engine, place: Path) -> None:
    """Cases in every state that a reader meets."""
    files = sorted((DEMO / "study").rglob("*.dcm"))
    result = next(path for path in sorted((DEMO / "result").iterdir()) if path.is_dir())
    name = case_name(token("1.2.3.1"), 1)
    folder = f"{name}.1"
    shutil.copytree(result, place / "results" / folder / name)
    add(base, place, 1, State.DELIVERED, 120, files, result={"folder": folder})
    add(base, place, 2, State.QUARANTINED, 66, reason="6 tries: its process was killed; look at the memory")
    add(base, place, 3, State.HELD, 50, reason="rule 'children': a person decides")
    add(base, place, 4, State.WAITING, 4)
    add(base, place, 5, State.WORKING, 2)


def main() -> None:
    """Make the place, serve it as a user would, look at it."""
    out, size = wanted(__file__)
    with TemporaryDirectory() as name:
        settings = Path(name) / "node.yaml"
        settings.write_text("name: node-1\nplace: place\n")
        given = load_settings(settings)
        fill(open_base(given.url), given.place)
        with served(["review", "--node", settings], size) as page:
            page.locator("#case-list li").last.click()
            page.wait_for_selector("body[data-loaded]", timeout=300_000)
            page.wait_for_selector("#case-list img.there", timeout=300_000)
            page.wait_for_timeout(5000)
            shoot(page, out / "review-node.png")


if __name__ == "__main__":
    main()
