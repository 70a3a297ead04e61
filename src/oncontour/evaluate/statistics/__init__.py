"""Statistics of figures over cases."""

from oncontour.evaluate.statistics.volume_interval import volume_interval

__all__ = ["volume_interval"]
