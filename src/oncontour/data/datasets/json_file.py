"""The dataset.json of the Medical Segmentation Decathlon and of nnU-Net."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError

FILE = "dataset.json"


def label_names(content: Mapping[str, Any], path: Path) -> dict[str, int | list[int]]:
    """Name -> value, or values of a region; version 1 (and MSD) write it the other way round.

    Raises:
        InputError: no labels, or values that are no whole numbers.
    """
    labels = content.get("labels")
    expected = '"labels" with names and values'
    if not isinstance(labels, dict):
        raise InputError(path, "no labels", expected, "Add them.")
    try:
        if all(isinstance(name, str) for name in labels.values()):
            return {str(name): int(value) for value, name in labels.items()}
        return {
            name: [int(one) for one in value] if isinstance(value, list) else int(value)
            for name, value in labels.items()
            if name != "ignore"
        }
    except (TypeError, ValueError) as error:
        raise InputError(path, "labels whose values are no whole numbers", expected, "Correct them.") from error
