"""Orders to fail: files that the one who is to fail takes away, so that each is carried out once and it is seen when.

FOLDER/<point>/<number>     is to happen
FOLDER/fired/<number>       has happened; when its name changed is when
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

FIRED = "fired"


def give(folder: Path, point: str, number: int) -> None:
    """The next who passes `point` is to fail."""
    (folder / point).mkdir(parents=True, exist_ok=True)
    (folder / point / str(number)).touch(exist_ok=False)


def take(folder: Path, point: str) -> bool:
    """Whether whoever passes `point` now is to fail; of several who ask, one is told so."""
    for waiting in sorted((folder / point).glob("*"), key=lambda path: int(path.name)):
        with suppress(FileNotFoundError):
            waiting.rename(folder / FIRED / waiting.name)
            return True
    return False


def fired_at(folder: Path, number: int) -> float | None:
    """When an order was carried out, by the kernel's clock; None: not yet."""
    with suppress(FileNotFoundError):
        return (folder / FIRED / str(number)).stat().st_ctime
    return None


def withdraw(folder: Path, point: str, number: int) -> None:
    """Take an order back, where it was not carried out."""
    (folder / point / str(number)).unlink(missing_ok=True)
