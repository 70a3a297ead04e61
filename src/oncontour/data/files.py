"""Writing files so that a reader never meets half of one, saying why the system refused; JSON, digests."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError, OncontourError, OutputError

_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("no space left on the disk", "Free some space, or give another folder with --out."),
    errno.EDQUOT: ("the disk quota used up", "Free some space, or give another folder with --out."),
    errno.EFBIG: ("a limit on the size of files", "Raise the limit (ulimit -f), or give another folder with --out."),
    errno.EACCES: ("no permission to write", "Give a folder that you may write to with --out."),
    errno.EPERM: ("no permission to write", "Give a folder that you may write to with --out."),
    errno.EROFS: ("a read-only file system", "Give a folder that you may write to with --out."),
    errno.ENOTDIR: ("a file where a folder is needed", "Give another folder with --out."),
    errno.EEXIST: ("a file where a folder is needed", "Give another folder with --out."),
    errno.ENOENT: ("no such folder", "Create the folder first, or give another one with --out."),
    errno.ENAMETOOLONG: ("a name too long for the file system", "Give a shorter folder with --out."),
}


def output_error(path: Path, error: OSError) -> OutputError:
    """The system's refusal to write, in words with a remedy.

    >>> output_error(Path("out/mask.nii.gz"), OSError(errno.ENOSPC, "")).found
    'no space left on the disk'
    """
    found, remedy = _REASONS.get(
        error.errno or 0, (f"the system's refusal {error.strerror or error!r}", "Give another folder with --out.")
    )
    return OutputError(path, found, "a place to write the result", remedy)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's refusals inside the block into `OutputError`s about `path`."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill NAME.part, then rename it to its name: the file is there whole or not at all.

    Raises:
        OutputError: disk full, no permission, and the like.
    """
    part = path.with_name(path.name + ".part")
    try:
        with explained(path):
            write(part)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON for people and programs: indented, UTF-8, no NaN (which JSON does not know)."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def read_json(path: Path, error: type[OncontourError] = InputError, remedy: str = "Repair it.") -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        OncontourError: of that kind; the file cannot be read, or holds something else.
    """
    expected = "a JSON object"
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as reason:
        found = f"a file that cannot be read as JSON ({type(reason).__name__})"
        raise error(path, found, expected, remedy) from reason
    if not isinstance(content, dict):
        raise error(path, f"a JSON {type(content).__name__}", expected, remedy)
    return content


def file_digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
