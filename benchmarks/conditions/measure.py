"""What a bundle finds in a case under a condition: the whole pipeline, kept as a file for each."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np

from conditions.cases import Case
from conditions.table import Condition
from oncontour.core.errors import OncontourError
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.data.files import write_json
from oncontour.data.nifti import read_channels
from oncontour.evaluate.metrics import dice
from oncontour.pipeline.case import segment_case
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options


@dataclass(frozen=True)
class Result:
    """What was found.

    Args:
        case, cohort, condition: names.
        regions: of the bundle, in the order of the channels of the kept masks.
        dice: by region, where an expert drew it and the bundle finds it.
        volume_ml: by region.
        seconds: of the whole pipeline but the reading.
        refused: why the case was refused; None where it was done.
    """

    case: str
    cohort: str
    condition: str
    regions: tuple[str, ...]
    dice: Mapping[str, float]
    volume_ml: Mapping[str, float]
    seconds: float
    refused: str | None = None


def changed(case: Case, condition: Condition) -> tuple[Study, Volume | None]:
    """A case's study and truth in a condition, the same each time."""
    random = np.random.default_rng((crc32(case.name.encode()), crc32(condition.name.encode())))
    volumes = {sequence: image.volume for sequence, image in case.study.images.items()}
    seen = condition.images(volumes, random)
    images = {
        sequence: replace(case.study.images[sequence], volume=condition.geometry(volume))
        for sequence, volume in seen.items()
    }
    return replace(case.study, images=images), condition.geometry(case.truth) if case.truth is not None else None


def files(folder: Path, case: str, condition: str) -> tuple[Path, Path]:
    """Where a result and its masks are kept."""
    return folder / case / f"{condition}.json", folder / case / f"{condition}.nii.gz"


def kept(folder: Path, case: str, condition: str) -> Result | None:
    """A result that is there already."""
    path, _ = files(folder, case, condition)
    return Result(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def measure(case: Case, condition: Condition, models: Models, folder: Path) -> Result:
    """Segment a case in a condition, score it, keep the result and its masks."""
    place, masks = files(folder, case.name, condition.name)
    place.parent.mkdir(parents=True, exist_ok=True)
    study, truth = changed(case, condition)
    options = Options(bundle=models.name, normalisation=condition.normalisation)
    began = time.perf_counter()
    with TemporaryDirectory() as temporary:
        out = Path(temporary) / "case"
        try:
            done = segment_case(study, out, options, models=models, record={})
        except OncontourError as error:
            result = Result(case.name, case.cohort, condition.name, (), {}, {}, 0.0, error.found)
            write_json(place, asdict(result))
            return result
        seconds = time.perf_counter() - began
        found = read_channels(out / "regions.nii.gz")[0]
        shutil.copy(out / "regions.nii.gz", masks)
    regions = tuple(measured.name for measured in done.measurements)
    volumes = {measured.name: measured.volume_ml for measured in done.measurements}
    scores = _scores(found, regions, truth, case.regions) if truth is not None else {}
    result = Result(case.name, case.cohort, condition.name, regions, scores, volumes, round(seconds, 1))
    write_json(place, asdict(result))
    return result


def _scores(found: Volume, regions: tuple[str, ...], truth: Volume, drawn: tuple[str, ...]) -> dict[str, float]:
    """Dice of the regions that both have, on one grid."""
    if not found.grid.same_as(truth.grid):
        raise ValueError(f"found on a grid {found.grid.shape}, truth on {truth.grid.shape}")
    return {
        name: dice(found.array[regions.index(name)] > 0, truth.array[n])
        for n, name in enumerate(drawn)
        if name in regions
    }
