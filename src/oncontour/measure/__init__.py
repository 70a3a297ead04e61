"""What the masks measure: volumes, diameters, places, response over time. mm, mL, mm2; positions RAS+."""

from oncontour.measure.assessment import Assessment, Timepoint
from oncontour.measure.bidimensional import Bidimensional, bidimensional
from oncontour.measure.diameter import longest_diameter_mm
from oncontour.measure.lesions import Lesion, find_lesions
from oncontour.measure.regions import RegionMeasurement, measure_regions
from oncontour.measure.response import response
from oncontour.measure.volume import volume_ml

__all__ = [
    "Assessment",
    "Bidimensional",
    "Lesion",
    "RegionMeasurement",
    "Timepoint",
    "bidimensional",
    "find_lesions",
    "longest_diameter_mm",
    "measure_regions",
    "response",
    "volume_ml",
]
