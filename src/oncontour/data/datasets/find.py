"""Find a data set's layout and read what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets import bids, brats, brats2015, manifest, msd, nnunet, phantom
from oncontour.data.datasets.dataset import Dataset
from oncontour.data.datasets.found import Found, NotFound
from oncontour.data.datasets.labels import Convention, assumed, translation
from oncontour.data.datasets.tables import read_labels_file, with_cases_table
from oncontour.data.datasets.words import stated_convention

LAYOUTS: Mapping[str, Callable[[Path], Found | NotFound]] = {
    manifest.NAME: manifest.find,
    phantom.NAME: phantom.find,
    msd.NAME: msd.find,
    nnunet.NAME: nnunet.find,
    bids.NAME: bids.find,
    brats2015.NAME: brats2015.find,
    "BraTS": brats.find,
}
"""Layouts in the order in which they are tried: the more particular first."""


def read_dataset(root: Path, scheme: str | None = None) -> Dataset:
    """Find the layout of a data set, its cases, and what its labels mean. Voxels are not read (but see `brats`).

    Args:
        root: its folder, or a CSV file.
        scheme: the label scheme that masks are to be mapped to; None: the data set's own.

    Raises:
        InputError: no layout fits (the message says why not, layout by layout), or the labels cannot be told in the
            scheme.
    """
    root = Path(root)
    if scheme is not None and scheme not in SCHEMES:
        raise InputError("--scheme", repr(scheme), f"one of {', '.join(SCHEMES)}", "Correct the scheme's name.")
    if not root.exists():
        raise InputError(root, "nothing of that name", "a data set's folder, or a CSV file", "Correct the path.")
    found = _found(root)
    folder = root if root.is_dir() else root.parent
    conventions = _conventions(found, read_labels_file(folder), scheme, root)
    scheme = scheme or conventions[0].scheme
    for convention in conventions:
        translation(convention, scheme, root)
    named = found.cases if found.layout == manifest.NAME else with_cases_table(found.cases, folder)
    cases = tuple(sorted(named, key=lambda case: case.name))
    return Dataset(
        folder.absolute().name if root.is_dir() else root.stem,
        scheme,
        cases,
        root,
        found.layout,
        conventions,
        found.zeros_are_absent,
        found.left_out,
    )


def _found(root: Path) -> Found:
    """What the first layout that fits gives.

    Raises:
        InputError: none fits, or none of its cases can be used.
    """
    reasons, refused = [], []
    for name, find in LAYOUTS.items():
        if root.is_file() and name != manifest.NAME:
            continue
        found = find(root)
        if isinstance(found, Found) and found.cases:
            return found
        if isinstance(found, Found):
            refused.extend(found.left_out)
        else:
            reasons.append(f"{name}: {found}")
    if refused:
        raise refused[0]
    remedy = "Arrange the files so, or list them in a cases.csv with the columns case, patient, t1, t1ce, ..., mask."
    raise InputError(root, f"no layout that fits ({'; '.join(reasons)})", "a layout of docs/datasets.md", remedy)


def _conventions(
    found: Found, labels_file: Convention | None, scheme: str | None, root: Path
) -> tuple[Convention, ...]:
    """What the values may mean: as the user's labels.json says, else as the data set says, else as its layout does."""
    if labels_file is not None:
        return (labels_file,)
    if found.names is not None:
        return (stated_convention(found.names, str(found.source)),)
    if found.conventions:
        return found.conventions
    if scheme is None and found.scheme is None:
        expected = "a scheme that is certain"
        remedy = "Choose --scheme paediatric (2024: ET 1, NET 2, CC 3, ED 4) or --scheme brats (2023: 1, 2, 3)."
        raise InputError(root, f"{found.layout}, and no mask with a 4 (oedema of 2024)", expected, remedy)
    return assumed(scheme or found.scheme or "brats")
