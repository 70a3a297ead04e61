"""Importing a model of whatever program trained it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from oncontour.core.errors import BundleError
from oncontour.inference.bundle import Bundle
from oncontour.interchange.imported import Imported, write_imported
from oncontour.interchange.monai import is_monai, read_monai
from oncontour.interchange.nnunet import is_nnunet, read_nnunet
from oncontour.interchange.nnunet_v1 import is_nnunet_v1, read_nnunet_v1
from oncontour.interchange.wishes import Wishes

PROGRAMS: tuple[tuple[Callable[[Path], bool], Callable[[Path, Wishes], Imported]], ...] = (
    (is_nnunet, read_nnunet),
    (is_nnunet_v1, read_nnunet_v1),
    (is_monai, read_monai),
)
"""For each program, whether a folder is a model of it, and how one is read."""


def import_model(folder: Path, out: Path, wishes: Wishes | None = None) -> Bundle:
    """Write the bundle of a trained model.

    Args:
        folder: of the model: an nnU-Net trainer's (with plans.json, or plans.pkl of version 1), or a MONAI bundle.
        out: folder of the bundle.
        wishes: what the user says, where the model leaves it open.

    Raises:
        BundleError: no model that is read, or one with something that is not; the message says what.
    """
    for is_one, read in PROGRAMS:
        if is_one(folder):
            return write_imported(read(folder, wishes or Wishes()), out)
    inside = sorted(child.name for child in folder.glob("*") if any(is_one(child) for is_one, _ in PROGRAMS))
    found = f"{len(inside)} models: {', '.join(inside)}" if inside else "no model"
    expected = "an nnU-Net model folder (plans.json or plans.pkl, fold_*) or a MONAI bundle (configs/metadata.json)"
    raise BundleError(folder, found, expected, "Give the folder of one trained model.")
