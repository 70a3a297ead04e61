"""95 % interval of one predicted volume, from held-out cases."""

from __future__ import annotations

from numpy.typing import ArrayLike

from oncontour.core.errors import InputError
from oncontour.measure.interval import LEAST_CASES, LEVEL, Interval, interval, volume_errors


def volume_interval(pred_ml: float, heldout_pred: ArrayLike, heldout_ref: ArrayLike, level: float = LEVEL) -> Interval:
    """Interval of the true volume behind a predicted one (`oncontour.measure.interval`).

    Args:
        pred_ml: the predicted volume, mL, more than 0.
        heldout_pred, heldout_ref: (n,) predicted and true volumes of held-out cases. Those with an empty prediction or
            reference play no part: the interval does not cover them, so print their rate beside it.
        level: probability, 0 to 1.

    Raises:
        InputError: nothing predicted, or too few held-out cases.
        GeometryError: held-out lists of different lengths.
        ImageContentError: negative volumes.

    >>> found = volume_interval(20.0, [10, 22, 28, 43, 48], [10, 20, 30, 40, 50])
    >>> round(found.low, 1), round(found.high, 1)
    (15.9, 24.5)
    """
    if not pred_ml > 0:
        remedy = "Of an empty prediction only the miss rate can be told."
        raise InputError("predicted volume", f"{pred_ml} mL", "more than 0 mL", remedy)
    errors = volume_errors(heldout_pred, heldout_ref)
    if errors is None:
        expected = f"at least {LEAST_CASES} in which prediction and reference are not empty"
        raise InputError("held-out volumes", "too few cases", expected, "Predict more held-out cases.")
    return interval(pred_ml, errors, level=level)
