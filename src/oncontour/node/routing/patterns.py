"""Regular expressions of rules: those that a text could make run for minutes are refused when the rules are read.

Python's `re` tries all ways to match. With repeats of single characters alone, few of them, and short texts, there are
few ways; a repeat of a group, as in `(a+)+`, has exponentially many. A time limit would need another process, or a
regular expression engine that Python does not come with.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from re import _constants, _parser  # pyright: ignore[reportAttributeAccessIssue] - the only parser of patterns there is
from typing import Any

LONGEST_PATTERN = 500
"""Characters: a longer one is two rules."""

MOST_REPEATS = 3
"""Repeats in a pattern: the worst text then takes milliseconds."""

LONGEST_TEXT = 128
"""Characters of a value that are looked at; descriptions have at most 64 (PS3.5 table 6.2-1)."""

_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_ONE_CHARACTER = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY)


def checked(pattern: str) -> str:
    """The pattern, where it is safe to use.

    Raises:
        ValueError: it is no regular expression, or one that could run too long; the message quotes it.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"{pattern[:40]!r}... has {len(pattern)} characters, at most {LONGEST_PATTERN} are allowed")
    try:
        repeats = _count_repeats(_parser.parse(pattern), pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    if repeats > MOST_REPEATS:
        raise ValueError(f"{pattern!r} has {repeats} repeats (* + {{}}), at most {MOST_REPEATS} are allowed")
    return pattern


def _count_repeats(parsed: Any, pattern: str) -> int:
    """Repeats in a parsed pattern.

    Raises:
        ValueError: what is repeated is no single character, or a back-reference is there.
    """
    count = 0
    for operator, argument in parsed:
        if operator in (_constants.GROUPREF, _constants.GROUPREF_EXISTS):
            raise ValueError(f"{pattern!r} refers back to a group, which can take very long")
        if operator in _REPEATS and argument[1] > 1:
            count += 1
            if len(argument[2]) != 1 or argument[2][0][0] not in _ONE_CHARACTER:
                raise ValueError(f"{pattern!r} repeats a group, which can take very long: repeat single characters")
        for part in _inner(argument):
            count += _count_repeats(part, pattern)
    return count


def _inner(argument: Any) -> list[Any]:
    """The patterns inside an operator's argument."""
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    if isinstance(argument, list | tuple):
        return [inner for part in argument for inner in _inner(part)]
    return []


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_without_accents(pattern), re.IGNORECASE)


def found_in(pattern: str, text: str) -> bool:
    """Whether the pattern matches a part of the text, whatever the case and accents; `^` and `$` ask for its ends.

    >>> found_in("hipofisis|résection", "RM HIPÓFISIS"), found_in("^brain", "MR brain")
    (True, False)
    """
    return bool(_compiled(pattern).search(_without_accents(text[:LONGEST_TEXT])))


def _without_accents(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text) if unicodedata.category(one) != "Mn")
