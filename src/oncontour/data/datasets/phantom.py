"""Our own synthetic cohorts, as `oncontour phantom` writes them: cases/CASE/, truth/, manifest.json with the scheme."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.brats import truth_of
from oncontour.data.datasets.dataset import DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound, images_of
from oncontour.data.datasets.labels import own
from oncontour.data.layouts import find_nifti_cases

SEED = "seed"
"""The column of the seed that a case was made with."""

FIRST, SECOND = "first", "second"
"""Raters of a cohort with a second reader; the first one's masks are the truth."""

NAME, MANIFEST, MADE_BY = "oncontour phantom", "manifest.json", "oncontour phantom"


def find(root: Path) -> Found | NotFound:
    """The cohort in a folder, or in the folder around its cases, or why it is none."""
    root = root.parent if root.name == "cases" and (root.parent / MANIFEST).is_file() else root
    path = root / MANIFEST
    if not path.is_file():
        return f"no {MANIFEST} in it"
    try:
        content = json.loads(path.read_text("utf-8"))
        made_by, records = content["made_by"], list(content["cases"])
        schemes = {str(record["scheme"]) for record in records}
    except (OSError, ValueError, KeyError, TypeError):
        return f"{MANIFEST} is none of a cohort"
    if made_by != MADE_BY or not records or not schemes <= set(SCHEMES):
        return f"{MANIFEST} is none of a cohort"
    if len(schemes) > 1:
        found = f"cases of the schemes {', '.join(sorted(schemes))}"
        raise InputError(path, found, "one scheme", "Make each kind of patients in a folder of its own.")
    cases, left_out = [], []
    for record in records:
        try:
            cases.append(_case(root, record))
        except OncontourError as error:
            left_out.append(error)
    (scheme,) = schemes
    return Found(
        NAME, tuple(cases), tuple(left_out), conventions=(own(scheme, "the cohort's manifest"),), scheme=scheme
    )


def _case(root: Path, record: Mapping[str, Any]) -> DatasetCase:
    name = str(record["case"])
    folder = root / "cases" / name
    if not folder.is_dir():
        raise InputError(folder, "no such folder", "the case's images", "Run `oncontour phantom` again: it adds them.")
    found = find_nifti_cases(folder)
    if not found:
        remedy = "Make the cohort without --dicom, or segment it with `oncontour segment`."
        raise InputError(folder, "DICOM series", "NIfTI files", remedy)
    beside = root / "truth" / f"{name}-seg.nii.gz"
    mask = truth_of(folder) or (ImageFile(beside) if beside.is_file() else None)
    columns = {"anatomy": str(record.get("anatomy", "")), SEED: str(record.get("seed", ""))}
    second = mask.path.with_name(f"{name}-seg2.nii.gz") if mask else None
    raters = {FIRST: mask, SECOND: ImageFile(second)} if mask and second and second.is_file() else {}
    return DatasetCase(name, name, images_of(found[0]), mask, columns, raters)
