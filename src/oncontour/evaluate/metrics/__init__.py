"""Metrics of one boolean mask against another; what an empty mask means stands in each docstring."""

from oncontour.core.overlap import dice, sensitivity

__all__ = ["dice", "sensitivity"]
