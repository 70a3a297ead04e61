"""How work is shared out, as the node's configuration says it."""

from __future__ import annotations

from oncontour.plans.fields import Count, Frozen, Positive


class WorkSettings(Frozen):
    """How work is shared out.

    Args:
        cases_at_once: segmented side by side on this node.
        tries: of a segmentation that fails, before the case goes to quarantine.
        back_off_s: before the second try; twice as long before each later one.
        limit_s: for one segmentation.
        beat_s: how often a node says that it is alive.
        silent_s: without that, after which the others take over its cases; it ends itself before.
    """

    cases_at_once: Count = 1
    tries: Count = 3
    back_off_s: Positive = 30.0
    limit_s: Positive = 900.0
    beat_s: Positive = 5.0
    silent_s: Positive = 60.0
