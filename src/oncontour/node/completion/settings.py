"""When a study counts as complete, as the node's configuration says it."""

from __future__ import annotations

from oncontour.plans.fields import Frozen, Positive


class CompletionSettings(Frozen):
    """When a study counts as complete.

    Args:
        ask: names of peers that know how many images a study has; the first that knows it is believed.
        ask_every_s: while images are missing.
        steady_s: that a peer's count must have stood still: it may still be receiving itself.
        series_quiet_s: without an image of a series, after which the series counts as whole.
        quiet_s: without any image, where no peer knows the study (paper 002: 2 minutes).
        longest_s: since the first image; then the study is taken as it is.
    """

    ask: tuple[str, ...] = ()
    ask_every_s: Positive = 2.0
    steady_s: Positive = 4.0
    series_quiet_s: Positive = 60.0
    quiet_s: Positive = 120.0
    longest_s: Positive = 3600.0
