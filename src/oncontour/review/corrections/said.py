"""What readers say of themselves and of results: one line of text, not too long, not empty where it matters."""

from __future__ import annotations

from oncontour.core.errors import InputError

LONGEST_NAME = 64
"""As long as a DICOM name (PS3.5 6.2, PN)."""

LONGEST_REMARK = 500


def reader_name(text: str) -> str:
    """A reader's name.

    Raises:
        InputError: none, or too long.
    """
    name = one_line(text)
    if not 0 < len(name) <= LONGEST_NAME:
        expected = f"a name of 1 to {LONGEST_NAME} characters"
        raise InputError("your name", f"{len(name)} characters", expected, "Say who you are; it is kept.")
    return name


def remark(text: str, what: str, *, needed: bool = False) -> str:
    """A reason or a note.

    Raises:
        InputError: too long, or empty where it is needed.
    """
    said = one_line(text)
    if len(said) > LONGEST_REMARK or (needed and not said):
        expected = f"{1 if needed else 0} to {LONGEST_REMARK} characters"
        raise InputError(what, f"{len(said)} characters", expected, "Say it in a sentence that names no patient.")
    return said


def one_line(text: str) -> str:
    """Text without line breaks and control characters.

    >>> one_line("  Jane\\n Doe\\x00 ")
    'Jane Doe'
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
