"""A study from its plan: masks copied, pages drawn, all of it written to a data base."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from oncontour.core.errors import InputError, OncontourError, OutputError
from oncontour.core.grid import Grid
from oncontour.data.database import now, open_database, shown
from oncontour.data.datasets import read_dataset
from oncontour.data.datasets.dataset import ImageFile
from oncontour.data.files import explained
from oncontour.evaluate.pairs import find_masks
from oncontour.review.study.copies import MASK_SUFFIX, read_shown, write_images, write_mask
from oncontour.review.study.draw import Draw, Page, draw_study
from oncontour.review.study.plan import StudyPlan
from oncontour.review.study.scales import SCALES
from oncontour.review.study.sources import PLANS, SOURCES
from oncontour.review.study.study import is_url, url_of
from oncontour.review.study.tables import ABOUT, CASES, MASKS, METADATA, PAGES, RATERS

BYTES = 12
"""Of a token: nobody guesses 96 bits."""


@dataclass(frozen=True)
class Lost:
    """A mask that cannot be shown; source "": the whole case, whose images cannot."""

    case: str
    source: str
    why: str


@dataclass(frozen=True)
class Made:
    """A study that was made.

    Args:
        draw: its pages.
        lost: masks that were skipped.
        files: folder of its copies.
    """

    draw: Draw
    lost: tuple[Lost, ...]
    files: Path


@dataclass(frozen=True)
class _Copied:
    """A case's files in the study's folder: token, images by sequence, masks by source."""

    token: str
    images: Mapping[str, str]
    masks: Mapping[str, str]


def make_study(
    plan: StudyPlan,
    place: str,
    files: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Made:
    """Make a study. A mask that is missing or cannot be used is skipped and listed.

    Args:
        plan: what is to be drawn.
        place: an SQLite file, or a data base's URL.
        files: folder for copies of masks and images; by default beside the SQLite file, its name with ".files".
        progress: called with cases copied, and all.

    Raises:
        InputError: a study is there already, masks cannot be found, or nothing can be drawn.
        OutputError: something cannot be written.
    """
    folder = files or _beside(place)
    if folder.exists():
        raise InputError(folder, "a folder", "none yet", "Remove it, or give another with --files.")
    conventions = {name: find_masks(source.masks, plan.scheme) for name, source in plan.sources.items()}
    engine = _opened(place)
    images = _images(plan)
    cases = plan.cases or tuple(sorted(set().union(*(found.files for found in conventions.values()))))
    part = folder.with_name(folder.name + ".part")
    with explained(folder):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
    copied: dict[str, _Copied] = {}
    lost: list[Lost] = []
    try:
        progress(0, len(cases))
        for done, case in enumerate(cases, start=1):
            own = {name: (found.files.get(case), found.conventions) for name, found in conventions.items()}
            try:
                copied[case], skipped = _copy_case(plan, case, own, None if images is None else images.get(case), part)
            except InputError as error:
                skipped = [Lost(case, "", f"{error.found}; expected {error.expected}")]
            lost += skipped
            progress(done, len(cases))
        draw = draw_study(plan, {case: tuple(one.masks) for case, one in copied.items()})
        if not any(draw.pages.values()):
            found = f"{len(cases)} cases, {len(lost)} masks missing or unusable"
            raise InputError(plan.name, found, "masks to draw from", "See that the sources name the same cases.")
        _keep_drawn(draw, copied, part)
        with explained(folder):
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    try:
        _write(engine, plan, draw, copied, lost, folder if is_url(place) else _relative(folder, Path(place)))
    except OutputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Made(draw, tuple(lost), folder)


def _beside(place: str) -> Path:
    if is_url(place):
        raise InputError(shown(place), "no folder for copies of masks", "one", "Give it with --files.")
    return Path(place).with_name(f"{Path(place).stem}.files")


def _relative(folder: Path, place: Path) -> Path:
    """The folder as seen from the SQLite file, so that both can be moved together."""
    folder, own = folder.absolute(), place.absolute().parent
    return folder.relative_to(own) if folder.is_relative_to(own) else folder


def _opened(place: str) -> Engine:
    engine = open_database(url_of(place), METADATA)
    with engine.connect() as connection:
        if connection.execute(select(ABOUT)).first() is not None:
            remedy = "Answers would be lost: give another name, or remove it yourself."
            raise InputError(shown(url_of(place)), "a study", "none yet", remedy)
    return engine


def _images(plan: StudyPlan) -> dict[str, dict[str, ImageFile]] | None:
    """Images of each case by sequence; None where the study shows masks alone."""
    if plan.images is None:
        return None
    dataset = read_dataset(plan.images)
    return {case.name: {str(sequence): file for sequence, file in case.images.items()} for case in dataset.cases}


def _copy_case(
    plan: StudyPlan,
    case: str,
    masks: Mapping[str, tuple[ImageFile | None, tuple]],
    images: Mapping[str, ImageFile] | None,
    folder: Path,
) -> tuple[_Copied, list[Lost]]:
    """Copy a case's images, and its masks onto the grid of the first that can be read.

    Raises:
        InputError: an image is not there or cannot be read.
    """
    token = _token()
    if plan.images is not None and not images:
        raise InputError(plan.images, f"no images of case {case!r}", "images of every case", "Add them.")
    try:
        copied = write_images(images or {}, token, folder)
    except OutputError:
        raise
    except OncontourError as error:
        for left in folder.glob(f"{token}-*"):
            left.unlink()
        raise InputError(f"images of case {case!r}", error.found, error.expected, error.remedy) from error
    grid: Grid | None = None
    names: dict[str, str] = {}
    lost: list[Lost] = []
    for source, (file, conventions) in masks.items():
        if file is None:
            lost.append(Lost(case, source, "no mask"))
            continue
        try:
            placing = "resample" if plan.resample else "refuse"
            mask = read_shown(file, conventions, plan.scheme, plan.shown, grid, placing)
        except OncontourError as error:
            lost.append(Lost(case, source, f"{error.found}; expected {error.expected}"))
            continue
        grid = mask.grid
        names[source] = f"{_token()}{MASK_SUFFIX}"
        write_mask(mask, folder / names[source])
    return _Copied(token, copied, names), lost


def _keep_drawn(draw: Draw, copied: Mapping[str, _Copied], folder: Path) -> None:
    """Remove copies that no page shows: what is not there cannot be counted."""
    drawn = {(page.case, mask.source) for pages in draw.pages.values() for page in pages for mask in page.masks}
    cases = {case for case, _ in drawn}
    with explained(folder):
        for case, own in copied.items():
            unused = [name for source, name in own.masks.items() if (case, source) not in drawn]
            for name in unused + ([] if case in cases else list(own.images.values())):
                (folder / name).unlink()


def _token() -> str:
    return secrets.token_hex(BYTES)


def _write(
    engine: Engine, plan: StudyPlan, draw: Draw, copied: Mapping[str, _Copied], lost: list[Lost], files: Path
) -> None:
    """All of the study in one transaction."""
    try:
        with engine.begin() as connection:
            about = {
                "id": 1, "name": plan.name, "scale": plan.scale, "ask_origin": plan.ask_origin,
                "sequences": [str(one) for one in plan.sequences], "scheme": plan.scheme, "region": plan.shown,
                "instructions": plan.instructions or SCALES[plan.scale].instructions, "files": str(files),
                "made_at": now(connection),
            }  # fmt: skip
            connection.execute(ABOUT.insert(), about)
            secret = {"id": 1, "plan": plan.model_dump(mode="json"), "lost": [vars(one) for one in lost]}
            connection.execute(PLANS.insert(), secret)
            connection.execute(RATERS.insert(), [{"rater": rater} for rater in draw.pages])
            shown_cases = sorted(
                ({"token": copied[case].token, "images": copied[case].images} for case in _cases(draw)),
                key=lambda row: row["token"],
            )
            connection.execute(CASES.insert(), shown_cases)
            for rater, pages in draw.pages.items():
                for place, page in enumerate(pages, start=1):
                    _write_page(connection, rater, place, page, plan, copied[page.case])
    except SQLAlchemyError as error:
        found = f"a refusal ({type(error).__name__})"
        raise OutputError("the study's data base", found, "a place to write", "See that it can be written.") from error


def _cases(draw: Draw) -> set[str]:
    return {page.case for pages in draw.pages.values() for page in pages}


def _write_page(connection: Connection, rater: str, place: int, page: Page, plan: StudyPlan, files: _Copied) -> None:
    token = _token()
    connection.execute(PAGES.insert(), {"token": token, "rater": rater, "place": place, "case": files.token})
    for number, mask in enumerate(page.masks, start=1):
        own = {"token": _token(), "page": token, "place": number, "colour": mask.colour}
        connection.execute(MASKS.insert(), own | {"file": files.masks[mask.source]})
        secret = {
            "mask": own["token"], "case": page.case, "source": mask.source, "kind": plan.sources[mask.source].kind,
            "reading": page.reading, "read_by_all": page.read_by_all,
        }  # fmt: skip
        connection.execute(SOURCES.insert(), secret)
