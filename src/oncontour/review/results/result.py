"""Result folders of `oncontour segment`, as the page lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.data.files import read_json

MEASUREMENTS, QUALITY, ERROR = "measurements.json", "quality.json", "error.json"

_REMEDY = "Segment the case again."


@dataclass(frozen=True, eq=False)
class Result:
    """A case's result.

    Args:
        name: of the case, and of its folder.
        folder: where its files are.
        measurements, quality: what `measurements.json` and `quality.json` say; empty where the case failed.
        error: why it failed, or why there is none yet; None where it is there.
        state: how far the case is, where that is more than what the checks say.
        came_at: when its images came, seconds since 1970; None where nobody knows.
    """

    name: str
    folder: Path
    measurements: Mapping[str, Any]
    quality: Mapping[str, Any]
    error: str | None = None
    state: str | None = None
    came_at: float | None = None

    @property
    def volumes_ml(self) -> dict[str, float]:
        """Region -> mL."""
        return {region["name"]: region["volume_ml"] for region in self.measurements.get("regions", ())}

    @property
    def colours(self) -> dict[str, tuple[int, int, int]]:
        """Region -> sRGB, 0 to 255; grey for regions of a scheme that is not ours."""
        scheme = SCHEMES.get(self.measurements.get("scheme", ""))
        known = {region.name: region.colour for region in scheme.all_regions} if scheme else {}
        return {name: known.get(name, (170, 170, 170)) for name in self.volumes_ml}


def find_results(folder: Path) -> dict[str, Result]:
    """Every result in OUT of `oncontour segment`, or the one of a case's own folder, by name.

    Raises:
        InputError: there is none.
    """
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    found = {one.name: read_result(one) for one in (folder, *inside) if _is_result(one)}
    if not found:
        remedy = "Give the folder that `oncontour segment --out` wrote to."
        raise InputError(folder, "no result of a case", f"folders that hold {MEASUREMENTS}", remedy)
    return found


def read_result(folder: Path) -> Result:
    """The result of one folder; where its files are damaged, the error says which."""
    try:
        if (folder / ERROR).exists():
            error = read_json(folder / ERROR, remedy=_REMEDY).get("message", "")
            return Result(folder.name, folder, {}, {}, f"{error}" or f"{folder / ERROR} does not say why")
        measurements = read_json(folder / MEASUREMENTS, remedy=_REMEDY)
        return Result(folder.name, folder, measurements, read_json(folder / QUALITY, remedy=_REMEDY))
    except OncontourError as error:
        return Result(folder.name, folder, {}, {}, str(error))


def _is_result(folder: Path) -> bool:
    if folder.name.startswith("."):
        return False
    return (folder / MEASUREMENTS).exists() or (folder / ERROR).exists()
