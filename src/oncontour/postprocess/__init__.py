"""From probabilities to masks that make sense: nested regions, no pinholes, no stray islands."""

from oncontour.postprocess.clean import clean_regions
from oncontour.postprocess.rules import Rules

__all__ = ["Rules", "clean_regions"]
