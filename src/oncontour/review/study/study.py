"""A study that has been drawn, opened to be read or rated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from oncontour.core.errors import InputError
from oncontour.data.database import open_database, shown
from oncontour.review.study.scales import SCALES, Question, Scale, questions
from oncontour.review.study.tables import ABOUT, METADATA


@dataclass(frozen=True)
class Study:
    """A study, without its secret.

    Args:
        engine: its data base.
        files: folder of the copies of masks and images.
        name: as raters see it.
        scale: what they score on.
        questions: asked of each mask.
        scheme, region: what masks show; region "all": label maps of the scheme.
        instructions: for raters.
    """

    engine: Engine
    files: Path
    name: str
    scale: Scale
    questions: tuple[Question, ...]
    scheme: str
    region: str
    instructions: str


def is_url(place: str) -> bool:
    """Whether a place is a data base's URL, else a file's path.

    >>> is_url("postgresql+psycopg://reader@host/study"), is_url("study.sqlite")
    (True, False)
    """
    return "://" in place


def url_of(place: str) -> str:
    """URL of a study's place."""
    return place if is_url(place) else f"sqlite:///{Path(place).absolute()}"


def open_study(place: str) -> Study:
    """Open a study.

    Args:
        place: its SQLite file, or the URL of its data base as SQLAlchemy has it.

    Raises:
        InputError: there is none.
    """
    remedy = "`oncontour study plan` makes one."
    if not is_url(place) and not Path(place).is_file():
        raise InputError(place, "no such file", "a reader study", remedy)
    engine = open_database(url_of(place), METADATA)
    with engine.connect() as connection:
        row = connection.execute(select(ABOUT)).mappings().first()
    if row is None:
        raise InputError(shown(url_of(place)), "a data base without a study", "a reader study", remedy)
    scale = SCALES[row["scale"]]
    return Study(
        engine=engine,
        files=Path(row["files"]) if is_url(place) else Path(place).absolute().parent / row["files"],
        name=row["name"],
        scale=scale,
        questions=questions(scale, row["sequences"], row["ask_origin"]),
        scheme=row["scheme"],
        region=row["region"],
        instructions=row["instructions"],
    )
