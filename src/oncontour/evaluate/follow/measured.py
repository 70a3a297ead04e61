"""What one scan of a follow-up measures: every region's volume and lesions, and intervals where the case has them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from oncontour.core.errors import InputError
from oncontour.core.labels import LabelScheme, Region
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import ImageFile
from oncontour.data.datasets.images import read_stored
from oncontour.data.datasets.labels import assumed, to_scheme
from oncontour.data.files import file_digest, read_json
from oncontour.evaluate.follow.visits import Visit
from oncontour.measure.interval import Interval
from oncontour.measure.lesions import Lesion, find_lesions
from oncontour.measure.volume import volume_ml

FLUID = frozenset({"CC", "RC"})
"""Labels of cysts and resection cavities, which response criteria leave out of a tumour's size."""

SCHEMA = "oncontour/measurements/"
"""How `measurements.json` begins to name what it is."""

SAME_VOLUME = 1e-3
"""Relative difference below which a mask is the one that was measured: the file keeps four decimals."""


@dataclass(frozen=True)
class RegionSize:
    """What a region of one scan measures.

    Args:
        region: its short name.
        volume_ml: all of it.
        solid_ml: without cysts and resection cavities, where the scheme tells them.
        interval: 95 % interval of `volume_ml`, as the case's measurements have it.
        lesions: of the solid part, the largest product first.
    """

    region: str
    volume_ml: float
    solid_ml: float
    interval: Interval | None
    lesions: tuple[Lesion, ...]

    @property
    def solid_interval(self) -> Interval | None:
        """The interval of `solid_ml`: that of the whole, where there is no fluid in it."""
        return self.interval if self.solid_ml == self.volume_ml else None


@dataclass(frozen=True)
class Scan:
    """A scan that was measured.

    Args:
        visit: what was given.
        regions: sizes by region.
        spacing: of a voxel, mm, sorted: the largest is the distance of slices.
        sha256: digest of the label map.
        model: card line of the model that made the mask, where that is known.
        edited: whether the mask is not the one that was measured, so that its intervals do not hold.
    """

    visit: Visit
    regions: dict[str, RegionSize]
    spacing: tuple[float, float, float]
    sha256: str
    model: str | None
    edited: bool


@dataclass(frozen=True)
class Listed:
    """What a case's measurements say.

    Args:
        scheme: of its label map.
        model: card line of the model.
        volumes_ml: by region.
        intervals: of these, where there are any.
    """

    scheme: str
    model: str
    volumes_ml: dict[str, float]
    intervals: dict[str, Interval]


def read_measurements(visit: Visit) -> Listed | None:
    """The case's measurements; None for a label map that is not of a case.

    Raises:
        InputError: a file that is none of ours.
    """
    path = visit.measurements
    if path is None:
        return None
    remedy = "Give the case as `oncontour segment` wrote it, or its label map in another folder."
    content = read_json(path, InputError, remedy)
    if not str(content.get("schema")).startswith(SCHEMA):
        raise InputError(path, f"schema {content.get('schema')!r}", f"{SCHEMA}1", remedy)
    try:
        regions = {str(one["name"]): one for one in content["regions"]}
        bounds = {name: (one["certainty"] or {}).get("interval_ml") for name, one in regions.items()}
        return Listed(
            scheme=str(content["scheme"]),
            model=str(content["model"]),
            volumes_ml={name: float(one["volume_ml"]) for name, one in regions.items()},
            intervals={name: Interval(float(two[0]), float(two[1])) for name, two in bounds.items() if two},
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        found = f"measurements that cannot be used ({type(error).__name__})"
        raise InputError(path, found, "scheme, model, and volumes by region", remedy) from error


def measure_scan(visit: Visit, listed: Listed | None, scheme: LabelScheme, regions: Iterable[Region]) -> Scan:
    """Measure a scan's label map.

    Args:
        listed: measurements of the case, for its intervals.
        scheme: of the label map.
        regions: what to measure.

    Raises:
        InputError: a file that cannot be read, or labels that the scheme does not have.
    """
    stored = read_stored(ImageFile(visit.mask))
    labels = stored.with_array(to_scheme(stored.array, assumed(scheme.name), scheme.name, visit.mask))
    sizes = {region.name: _measured(labels, scheme, region) for region in regions}
    known = listed.volumes_ml if listed else {}
    edited = any(not _same(size.volume_ml, known[name]) for name, size in sizes.items() if name in known)
    if listed and not edited:
        sizes = {name: replace(size, interval=listed.intervals.get(name)) for name, size in sizes.items()}
    a, b, c = sorted(labels.grid.spacing)
    return Scan(
        visit=visit,
        regions=sizes,
        spacing=(a, b, c),
        sha256=file_digest(visit.mask),
        model=listed.model if listed else None,
        edited=edited,
    )


def _measured(labels: Volume, scheme: LabelScheme, region: Region) -> RegionSize:
    fluid = [label.value for label in scheme.labels if label.name in FLUID]
    mask = np.isin(labels.array, scheme.values(region))
    solid = mask & ~np.isin(labels.array, fluid)
    return RegionSize(
        region=region.name,
        volume_ml=volume_ml(mask, labels.affine),
        solid_ml=volume_ml(solid, labels.affine),
        interval=None,
        lesions=find_lesions(solid, labels.affine),
    )


def _same(measured: float, listed: float) -> bool:
    return math.isclose(measured, listed, rel_tol=SAME_VOLUME, abs_tol=SAME_VOLUME)
