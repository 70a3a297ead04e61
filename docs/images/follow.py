"""Draw docs/images/follow.png: `oncontour follow` of a synthetic tumour. Run from the repository's root.

A phantom's tumour is scaled about its middle, smaller and larger again. Its masks are no predictions: the intervals
stand in for those of a calibrated model, a factor of `SPREAD` to either side.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.drawing.files import png
from oncontour.drawing.style import SOFT, WORDS_POINTS
from oncontour.evaluate.follow.figure import draw
from oncontour.evaluate.follow.run import follow
from oncontour.measure import measure_regions
from oncontour.preprocess.resample import resample

SEED, SPACING_MM, SPREAD = 21, 1.5, 1.2

SCANS = (
    (0, 1.0, "no", "stable", "stable"),
    (42, 0.82, "no", "stable", "stable"),
    (91, 0.66, "no", "decreased", "improved"),
    (133, 0.58, "no", "none", "improved"),
    (182, 0.64, "no", "none", "stable"),
    (224, 0.78, "no", "stable", "stable"),
)
"""Day, scale, new lesion, steroids, clinical state."""


def measurements(masks: Volume) -> dict[str, Any]:
    """Content of measurements.json for masks of BRATS's regions, with assumed intervals."""
    regions = [
        {
            "name": one.name,
            "title": one.name,
            "volume_ml": one.volume_ml,
            "certainty": {"interval_ml": [one.volume_ml / SPREAD, one.volume_ml * SPREAD]},
        }
        for one in measure_regions(masks, BRATS)
    ]
    return {"schema": "oncontour/measurements/1", "scheme": BRATS.name, "model": "none", "regions": regions}


def write_scan(folder: Path, labels: Volume, scale: float) -> None:
    """A case as `oncontour segment` leaves it, its tumour scaled about its centroid."""
    middle = labels.grid.to_world(np.argwhere(labels.array > 0)).mean(axis=0)
    away = np.eye(4)  # from the grid's world to that of the tumour in its first size
    away[:3, :3] /= scale
    away[:3, 3] = middle - middle / scale
    scaled = resample(labels, labels.grid, away, order=0)
    folder.mkdir()
    write_nifti(scaled, folder / "segmentation.nii.gz", "uint8")
    content = measurements(Volume(BRATS.encode(scaled.array), scaled.affine))
    (folder / "measurements.json").write_text(json.dumps(content))


def main() -> None:
    """Make the scans and a table of them, follow, draw."""
    case = make_case(load_mni(), SEED, Spec(spacing_mm=SPACING_MM, sequences=(Sequence.FLAIR,), clean=True), threads=2)
    labels = Volume(case.labels, case.affine)
    with TemporaryDirectory() as name:
        folder = Path(name)
        lines = ["day,mask,new_lesion,steroids,clinical"]
        for day, scale, *inputs in SCANS:
            write_scan(folder / f"day-{day}", labels, scale)
            lines.append(",".join((str(day), f"day-{day}", *inputs)))
        table = folder / "visits.csv"
        table.write_text("\n".join(lines))
        figure = draw(follow([table]))
    figure.text(0.99, 0.992, "synthetic", ha="right", va="top", fontsize=WORDS_POINTS, color=SOFT)
    Path(__file__).with_suffix(".png").write_bytes(png(figure, dpi=130, smallest=True))


if __name__ == "__main__":
    main()
