"""Two folders of masks: what was predicted, and the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti

AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])


def labels(*boxes: tuple[int, int, int], edge: int = 6) -> np.ndarray:
    """Cubes of oedema with a core that enhances in its middle."""
    array = np.zeros((30, 28, 26), np.uint8)
    for i, j, k in boxes:
        array[i : i + edge, j : j + edge, k : k + edge] = 2
        array[i + 1 : i + 4, j + 1 : j + 4, k + 1 : k + 4] = 1
        array[i + 2, j + 2, k + 2] = 3
    return array


def write(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(Volume(array, affine), path, "uint8")
    return path


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """Case a is found a voxel away, b is missed, c has no prediction, d no reference, e is empty and so predicted."""
    pred, ref = tmp_path / "pred", tmp_path / "ref"
    truth = {"a": labels((5, 5, 5)), "b": labels((9, 9, 9)), "c": labels((4, 4, 4)), "e": labels()}
    for case, array in truth.items():
        write(ref / f"{case}-seg.nii.gz", array)
    found = {"a": labels((6, 5, 5)), "b": labels(), "d": labels((3, 3, 3)), "e": labels()}
    for case, array in found.items():
        write(pred / f"{case}_pred.nii.gz", array)
    return pred, ref
