"""Whether a study is complete, of what has come and of what a peer says there is. Pure, so that it can be tried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oncontour.node.completion.settings import CompletionSettings

By = Literal["count", "quiet", "force"]


@dataclass(frozen=True)
class Series:
    """What has come of a series.

    Args:
        images: how many.
        quiet_s: since the last of them.
    """

    images: int
    quiet_s: float


@dataclass(frozen=True)
class Expected:
    """What a peer says.

    Args:
        images: of each series, by the token of its UID.
        steady_s: for how long it has said so.
    """

    images: Mapping[str, int]
    steady_s: float


def complete_by(
    series: Mapping[str, Series], open_s: float, age_s: float, expected: Expected | None, settings: CompletionSettings
) -> By | None:
    """What makes a study complete; None: it is not yet.

    - count: every series that the peer has is here with as many images, and the peer's count stands still. Series that
      the peer lacks must be quiet: it knows the study from elsewhere, or has not got them yet.
    - quiet: no peer knows the study, and nothing has come for long. A peer that knows of more images than have come
      keeps the study open until `longest_s`, however quiet it is.
    - force: it has been open for too long: by the clock of this process; or by its files' times, so that a node that is
      often started anew comes to an end too, and then only when nothing has come for long, since such a clock may jump.

    Args:
        series: what has come, by the token of its UID; at least one.
        open_s: since the first image was seen by this process.
        age_s: since the first image came, by a clock that can be set.
        expected: None: no peer knows the study.

    >>> settings = CompletionSettings()
    >>> here = {"a": Series(20, 1.0), "b": Series(30, 3.0)}
    >>> complete_by(here, 60.0, 60.0, Expected({"a": 20, "b": 30}, 5.0), settings)
    'count'
    >>> complete_by(here, 60.0, 60.0, Expected({"a": 21, "b": 30}, 5.0), settings) is None
    True
    >>> complete_by({"a": Series(20, 121.0)}, 200.0, 200.0, None, settings)
    'quiet'
    """
    still = min(one.quiet_s for one in series.values()) >= settings.quiet_s
    if open_s >= settings.longest_s or (age_s >= settings.longest_s and still):
        return "force"
    if expected:
        steady = expected.steady_s >= settings.steady_s
        missing = any(uid not in series or series[uid].images < number for uid, number in expected.images.items())
        others = (one for uid, one in series.items() if uid not in expected.images)
        return (
            "count"
            if steady and not missing and all(one.quiet_s >= settings.series_quiet_s for one in others)
            else None
        )
    return "quiet" if still else None
