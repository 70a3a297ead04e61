"""What readers think of a result, a line of JSON each; all are kept, the latest one of a version counts.

Words and rules are those of `oncontour node mark`: useful or poor, and one that says what its reader said last of the
same version is not kept twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.data.files import write_whole
from oncontour.review.corrections.folder import adding, review_folder
from oncontour.review.corrections.said import reader_name, remark
from oncontour.review.results.result import Result

FILE = "marks.jsonl"
SOURCE = "page"


@dataclass(frozen=True)
class Mark:
    """What a reader thinks of a version.

    Args:
        at: ISO 8601, UTC.
        by: the reader.
        version: that was looked at; 0: the model's own result.
        useful: or poor.
        reason: in the reader's words; shown to people, never logged.
        source: where it was said.
    """

    at: str
    by: str
    version: int
    useful: bool
    reason: str = ""
    source: str = SOURCE


def list_marks(result: Result) -> list[Mark]:
    """Marks of a result, the oldest first.

    Raises:
        InputError: a damaged file.
    """
    path = review_folder(result) / FILE
    return _read(path) if path.exists() else []


def add_mark(result: Result, by: str, version: int, useful: bool, reason: str) -> Mark:
    """Keep a mark; a poor result needs a reason.

    Raises:
        InputError: no name, or no reason for a poor result.
        OutputError: it cannot be kept.
    """
    by, reason = reader_name(by), remark(reason, "reason", needed=not useful)
    made = Mark(datetime.now(UTC).isoformat(timespec="seconds"), by, version, useful, reason)
    with adding(result) as folder:
        marks = list_marks(result)
        before = next((one for one in reversed(marks) if (one.by, one.version) == (by, version)), None)
        if before and (before.useful, before.reason) == (useful, reason):
            return before
        _write(folder / FILE, [*marks, made])
    return made


def verdict_of(marks: Iterable[Mark], version: int) -> str | None:
    """ "useful" or "poor", as the latest mark of a version says; None where there is none."""
    latest = next((one for one in reversed(list(marks)) if one.version == version), None)
    return None if latest is None else "useful" if latest.useful else "poor"


def _read(path: Path) -> list[Mark]:
    try:
        return [Mark(**json.loads(line)) for line in path.read_text("utf-8").split("\n") if line]
    except (OSError, ValueError, TypeError) as error:
        found = f"marks that cannot be read ({type(error).__name__})"
        raise InputError(path, found, "a line of JSON a mark", "Repair the file, or move it away.") from error


def _write(path: Path, marks: Iterable[Mark]) -> None:
    text = "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in marks)
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
