"""Metrics of one boolean mask against another; what an empty mask means stands in each docstring."""

from oncontour.core.overlap import Overlap, dice, jaccard, overlap, precision, sensitivity, specificity
from oncontour.evaluate.metrics.distance import assd, hd95, surface_dice
from oncontour.evaluate.metrics.lesionwise import lesionwise
from oncontour.evaluate.metrics.panoptic import panoptic
from oncontour.evaluate.metrics.volume import aggregated_dice, detection_rates, relative_volume_difference

__all__ = [
    "Overlap",
    "aggregated_dice",
    "assd",
    "detection_rates",
    "dice",
    "hd95",
    "jaccard",
    "lesionwise",
    "overlap",
    "panoptic",
    "precision",
    "relative_volume_difference",
    "sensitivity",
    "specificity",
    "surface_dice",
]
