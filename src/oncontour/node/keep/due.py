"""When images and results may go, of how their cases stand. Pure."""

from __future__ import annotations

from collections.abc import Collection

from oncontour.node.keep.settings import KeepSettings
from oncontour.node.ledger.case import FINISHED, Standing, State

DAY_S = 86400.0

NEVER = float("inf")


def images_due(parts: Collection[Standing], came_at: float, settings: KeepSettings) -> float:
    """When a study's images may go: the latest of its parts decides.

    Args:
        parts: of the study, without those that were purged; empty: no case is made of it, so that the study holds
            readers' notes, or results of ours that came back (`keep.images` leaves images of patients alone).
        came_at: when its last image came.

    Returns:
        seconds since 1970, infinite where they stay.

    >>> case = Standing("s-1", "s", State.DELIVERED, 0.0)
    >>> images_due([case], 5.0, KeepSettings(images_days=1))
    86405.0
    >>> images_due([case, Standing("s-2", "s", State.HELD, 0.0)], 5.0, KeepSettings(images_days=1))
    inf
    """
    return _due(parts, came_at, settings.images_days, settings.unfinished_days)


def room_due(parts: Collection[Standing], came_at: float, settings: KeepSettings) -> float:
    """When a study's images may go where room is needed: those of a case that waits for a person never do so."""
    return _due(parts, came_at, settings.least_days, None)


def results_due(case: Standing, settings: KeepSettings) -> float:
    """When a case's results may go; those that a purge left at once."""
    if case.state is State.PURGED:
        return case.changed_at
    return _due([case], 0.0, settings.results_days, settings.unfinished_days)


def _due(
    parts: Collection[Standing], came_at: float, finished_days: float | None, unfinished_days: float | None
) -> float:
    days = {State.HELD: unfinished_days, State.QUARANTINED: unfinished_days, **dict.fromkeys(FINISHED, finished_days)}
    ends = [(part.changed_at, days.get(part.state)) for part in parts] or [(came_at, finished_days)]
    return max(NEVER if kept is None else max(at, came_at) + kept * DAY_S for at, kept in ends)
