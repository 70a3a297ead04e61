"""One value -> what survives of it, a function for each action of `profile.yaml`. What does not fit becomes empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from oncontour.dicom.deidentify.describe import describe, describe_agent, describe_body_part, describe_pulse
from oncontour.dicom.deidentify.key import Key
from oncontour.dicom.deidentify.profile import load_profile

OLDEST_YEARS = 89
"""An age above this can name a person; it is told as one year more for all of them."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?", re.ASCII)
_DATE = re.compile(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?", re.ASCII)
_AGE = re.compile(r"(\d{3})([DWMY])", re.ASCII)


@dataclass(frozen=True)
class Patient:
    """Whose values they are: the key, and how many days back dates go."""

    key: Key
    shift_days: int


def number(text: str, _: Patient) -> str:
    """A decimal number as it is written."""
    return text if _NUMBER.fullmatch(text) else ""


def word(text: str, _: Patient) -> str:
    """A word of the vocabulary as it is written."""
    return text if text.upper() in load_profile().vocabulary else ""


def word_or_token(text: str, patient: Patient) -> str:
    """A word of the vocabulary, or a token of the key for any other."""
    return word(text, patient) or token(text, patient)


def token(text: str, patient: Patient) -> str:
    """A token of the key."""
    return patient.key.token(text) if text else ""


def uid(text: str, patient: Patient) -> str:
    """A UID of the standard as it is, and a new one for any other."""
    from pydicom.uid import UID

    standard = UID(text).name != text  # the registry of PS3.6 has a name for it
    return text if not text or standard else patient.key.uid(text)


def shifted(text: str, patient: Patient) -> str:
    """A date, or a date and time without its time zone, some days earlier."""
    parts = _DATE.fullmatch(text)
    if not parts:
        return ""
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    try:
        earlier = date(year, month, day) - timedelta(days=patient.shift_days)
    except (ValueError, OverflowError):
        return ""
    return f"{earlier.year:04d}{earlier:%m%d}{parts[2] or ''}"


def time(text: str, _: Patient) -> str:
    """A time of day as it is."""
    return text if _TIME.fullmatch(text) else ""


def age(text: str, _: Patient) -> str:
    """An age as it is, those above `OLDEST_YEARS` as one."""
    parts = _AGE.fullmatch(text)
    if not parts:
        return ""
    return f"{OLDEST_YEARS + 1:03d}Y" if parts[2] == "Y" and int(parts[1]) > OLDEST_YEARS else text


TEXTS: Mapping[str, Callable[[str, Patient], str]] = {
    "number": number,
    "word": word,
    "word or token": word_or_token,
    "token": token,
    "description": lambda text, _: describe(text),
    "pulse": lambda text, _: describe_pulse(text),
    "agent": lambda text, _: describe_agent(text),
    "body part": lambda text, _: describe_body_part(text),
    "date": shifted,
    "time": time,
    "age": age,
    "uid": uid,
    "empty": lambda text, _: "",
}
"""Action -> what it does to one value, given without the blanks and zeros around it."""
