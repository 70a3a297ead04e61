"""Small results, as `oncontour segment` leaves them, of any scheme and orientation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from oncontour.core.labels import SCHEMES
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.review.corrections.painting import painting_of
from oncontour.review.results.result import Result, read_result

SHAPE = (8, 9, 7)
AFFINE = np.diag([1.0, 1.5, 2.0, 1.0])
BOX = (slice(1, 7), slice(2, 9), slice(0, 6))


def names_of(scheme: str, *, composites: bool) -> tuple[str, ...]:
    known = SCHEMES[scheme]
    return tuple(region.name for region in (known.all_regions if composites else known.regions))


def make_result(
    folder: Path, states: np.ndarray, scheme: str = "brats", affine: np.ndarray = AFFINE, *, composites: bool = False
) -> Result:
    """A result whose voxels are in these states."""
    names = names_of(scheme, composites=composites)
    painting = painting_of(scheme, names)
    folder.mkdir(parents=True)
    write_nifti(Volume(painting.regions(states), affine), folder / "regions.nii.gz", "bool")
    write_nifti(Volume(painting.label_map(states), affine), folder / "segmentation.nii.gz", "uint8")
    regions = [{"name": name, "title": name, "volume_ml": 1.0, "certainty": {"interval_ml": [1, 2]}} for name in names]
    content = {
        "schema": "oncontour/measurements/1",
        "case": folder.name,
        "version": "0",
        "model": "a network",
        "statement": "Not a medical device.",
        "reference": "T1CE",
        "findings": "",
        "certainty_note": "",
        "scheme": scheme,
        "midplane": {"a": 3.5, "b": 0.0, "c": 0.0},
        "regions": regions,
    }
    (folder / "measurements.json").write_text(json.dumps(content))
    (folder / "quality.json").write_text(json.dumps({"verdict": "ok"}))
    return read_result(folder)
