"""When to keep a checkpoint as the best, and when to stop before the last epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

from oncontour.plans.training import StoppingPlan


@dataclass
class Best:
    """The best validation so far.

    Args:
        score: mean Dice; -infinity before the first validation.
        epoch: after how many epochs it was reached.
        reference, reference_epoch: the score that the next must pass by `delta`, and its epoch.
    """

    score: float = -math.inf
    epoch: int = 0
    reference: float = -math.inf
    reference_epoch: int = 0

    def see(self, score: float, epoch: int, plan: StoppingPlan | None = None) -> bool:
        """Take in a validation; returns whether it is the best yet.

        A rise of `delta` or less is kept as the best, and still counts as no rise for the patience.
        """
        if score > self.reference + (plan.delta if plan else 0.0):
            self.reference, self.reference_epoch = score, epoch
        if score > self.score:
            self.score, self.epoch = score, epoch
            return True
        return False

    def exhausted(self, epoch: int, plan: StoppingPlan | None) -> bool:
        """Whether patience has run out after this many epochs.

        >>> best, plan = Best(), StoppingPlan(patience=2, delta=0.01)
        >>> best.see(0.8, 1, plan), best.see(0.805, 2, plan), best.exhausted(2, plan)
        (True, True, False)
        >>> best.see(0.79, 3, plan), best.exhausted(3, plan)
        (False, True)
        """
        return plan is not None and epoch - self.reference_epoch >= plan.patience
