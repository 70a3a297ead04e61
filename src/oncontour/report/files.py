"""Writing a file whole or not at all."""

from __future__ import annotations

from pathlib import Path

from oncontour.core.errors import OutputError


def write_whole(path: Path, content: bytes) -> None:
    """Write NAME.part, then rename it: a reader never sees half a file.

    Raises:
        OutputError: the folder is missing, full or may not be written to.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        remedy = "Choose another output folder, or make room."
        raise OutputError(path, error.strerror or "an error", "a folder that can be written to", remedy) from error
