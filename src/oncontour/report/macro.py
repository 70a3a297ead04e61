"""A few plain sentences to paste into a radiologist's report, from what measurements.json holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oncontour.data.files import write_whole
from oncontour.report.case import CaseReport
from oncontour.report.documents import measurements_document
from oncontour.report.page import volume_text

UNCALIBRATED = "How far these volumes may lie from the truth is not known: the model was not calibrated."
MISSABLE = "This does not exclude a tumour: small and faint ones may be missed."


def write_macro(case: CaseReport, path: Path) -> None:
    """Write `macro` of a case as UTF-8 text, a sentence a line.

    Raises:
        OutputError: the file could not be written.
    """
    text = macro(measurements_document(case))
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def macro(measurements: Mapping[str, Any]) -> str:
    """Volumes with their intervals, size and side, how sure that is, and what it may be used for.

    Args:
        measurements: what `measurements.json` holds.
    """
    regions = measurements["regions"]
    corrected = bool(measurements.get("corrected"))
    review = "corrected by a reader" if corrected else "without a reader's review"
    made = f"Oncontour {measurements['version']}, {review}"
    whole = max(regions, key=lambda region: region["volume_ml"])
    if not whole["volume_ml"]:
        found = "No tumour is marked" if corrected else "No tumour was found automatically"
        told = [f"{found} on {measurements['reference']} ({made}).", MISSABLE]
    else:
        volumes = ", ".join(_volume(region) for region in regions)
        measured = "Volumes measured" if corrected else "Volumes measured automatically"
        told = [f"{measured} on {measurements['reference']} ({made}): {volumes}."]
        told.append(_extent(whole))
        calibrated = any(_interval(region) for region in regions)
        told.append(measurements["certainty_note"] if calibrated or corrected else UNCALIBRATED)
    return "\n".join((*told, measurements["statement"])) + "\n"


def _volume(region: Mapping[str, Any]) -> str:
    """A region's volume in words.

    >>> _volume({"title": "tumour core", "volume_ml": 12.345, "certainty": None})
    'tumour core 12.3 mL'
    """
    text = f"{region['title']} {volume_text(region['volume_ml'])} mL"
    interval = _interval(region)
    if not interval:
        return text
    low, high = interval
    percent = f"{100 * region['certainty']['level']:g} %"
    return f"{text} ({percent} interval {volume_text(low)} to {volume_text(high)} mL)"


def _interval(region: Mapping[str, Any]) -> list[float] | None:
    return region["certainty"] and region["certainty"]["interval_ml"]


def _extent(region: Mapping[str, Any]) -> str:
    """Size and side of a region that is not empty."""
    sides = {"left": "in the left hemisphere", "right": "in the right hemisphere", "both": "in both hemispheres"}
    parts = [f"Longest diameter {region['longest_diameter_mm']:.0f} mm ({region['title']})"]
    if region["hemisphere"]:
        parts.append(sides[region["hemisphere"]])
    if region["components"] > 1:
        parts.append(f"in {region['components']} separate parts")
    return f"{', '.join(parts)}."
