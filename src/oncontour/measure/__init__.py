"""What the masks measure: volumes, diameters, places. Lengths in mm, volumes in mL, positions RAS+."""

from oncontour.measure.bidimensional import Bidimensional, bidimensional
from oncontour.measure.diameter import longest_diameter_mm
from oncontour.measure.regions import RegionMeasurement, measure_regions
from oncontour.measure.volume import volume_ml

__all__ = [
    "Bidimensional",
    "RegionMeasurement",
    "bidimensional",
    "longest_diameter_mm",
    "measure_regions",
    "volume_ml",
]
