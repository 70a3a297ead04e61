"""Every transform by the name that plans use."""

from __future__ import annotations

from collections.abc import Mapping

from oncontour.augment.absent import Absent
from oncontour.augment.blur import Blur
from oncontour.augment.brightness import Brightness
from oncontour.augment.contrast import Contrast
from oncontour.augment.elastic import Elastic
from oncontour.augment.field_of_view import FieldOfView
from oncontour.augment.gamma import Gamma
from oncontour.augment.intensity import Intensity
from oncontour.augment.lost_component import LostComponent
from oncontour.augment.low_resolution import LowResolution
from oncontour.augment.mirror import Mirror
from oncontour.augment.morphology import Morphology
from oncontour.augment.noise import Noise
from oncontour.augment.power import Power
from oncontour.augment.shift_scale import ShiftScale
from oncontour.augment.spatial import Spatial
from oncontour.augment.surroundings import Surroundings

TRANSFORMS: Mapping[str, type] = {
    "absent": Absent,
    "blur": Blur,
    "brightness": Brightness,
    "contrast": Contrast,
    "elastic": Elastic,
    "field_of_view": FieldOfView,
    "gamma": Gamma,
    "intensity": Intensity,
    "lost_component": LostComponent,
    "low_resolution": LowResolution,
    "mirror": Mirror,
    "morphology": Morphology,
    "noise": Noise,
    "power": Power,
    "shift_scale": ShiftScale,
    "spatial": Spatial,
    "surroundings": Surroundings,
}
