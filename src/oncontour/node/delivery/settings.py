"""What is delivered, as the node's configuration says it."""

from __future__ import annotations

from typing import Literal

from oncontour.plans.fields import Count, Frozen, Positive

Part = Literal["segmentation", "measurements", "overlay", "report"]


class DeliverySettings(Frozen):
    """What is delivered, and how hard it is tried.

    Args:
        to: names of the peers that get the results, where no rule says otherwise.
        parts: SEG, SR, overlay series, encapsulated PDF.
        back_off_s: before the second try; twice as long before each later one, up to `longest_s`.
        tries: before the case goes to quarantine; with the defaults after about two days.
        seen_s: for how long a peer that took an object is asked whether it has it, before that counts as a failed try.
        commitment_s: for how long the report of a peer that was asked to keep the objects is waited for, before it must
            do that the peer is seen to have them. Each look is a try, so that `tries` must last as long.
    """

    to: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ("segmentation", "measurements", "overlay", "report")
    back_off_s: Positive = 15.0
    longest_s: Positive = 900.0
    tries: Count = 200
    seen_s: Positive = 10.0
    commitment_s: Positive = 3600.0
