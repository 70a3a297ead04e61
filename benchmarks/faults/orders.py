"""Orders to fail: files that the one who is to fail takes away, so that each is carried out once and it is seen when.

    FOLDER/<point>/<number>     is to happen
    FOLDER/fired/<number>       has happened; when its name changed is when

Nothing but the standard library is imported: the segmentation's stand-in must begin in milliseconds.
"""

from __future__ import annotations

import os

FIRED = "fired"


def give(folder: str, point: str, number: int) -> None:
    """The next who passes `point` is to fail."""
    os.makedirs(os.path.join(folder, point), exist_ok=True)  # noqa: PTH103 - pathlib takes longer to import than this to run
    with open(os.path.join(folder, point, str(number)), "x"):  # noqa: PTH123
        pass


def take(folder: str, point: str) -> bool:
    """Whether whoever passes `point` now is to fail; of several who ask, one is told so."""
    try:
        waiting = sorted(os.listdir(os.path.join(folder, point)), key=int)  # noqa: PTH208
    except FileNotFoundError:
        return False
    for number in waiting:
        try:
            os.rename(os.path.join(folder, point, number), os.path.join(folder, FIRED, number))  # noqa: PTH104
        except FileNotFoundError:
            continue
        return True
    return False


def fired_at(folder: str, number: int) -> float | None:
    """When an order was carried out, by the kernel's clock; None: not yet."""
    try:
        return os.stat(os.path.join(folder, FIRED, str(number))).st_ctime  # noqa: PTH116
    except FileNotFoundError:
        return None


def withdraw(folder: str, point: str, number: int) -> bool:
    """Take an order back; False where it was carried out."""
    try:
        os.unlink(os.path.join(folder, point, str(number)))  # noqa: PTH108
    except FileNotFoundError:
        return False
    return True
