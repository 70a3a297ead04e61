"""Keep the motions that registration found, for people and for ITK (3D Slicer, ITK-SNAP, SimpleITK)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import OutputError
from oncontour.core.grid import Grid

if TYPE_CHECKING:
    from oncontour.preprocess.run import Prepared

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""RAS+ to LPS+ and back: ITK's world, like DICOM's, points left and to the back."""


def save_transforms(prepared: Prepared, path: Path) -> None:
    """Write all transforms to a JSON file, and each as `<name>_<sequence>.tfm` beside it, which ITK reads.

    The JSON holds (4, 4) matrices, reference world -> the sequence's own world in mm RAS+, and both grids.

    Args:
        prepared: what `preprocess` gave.
        path: of the JSON file, such as `transforms.json`.

    Raises:
        OutputError: the folder cannot be written to.
    """
    content = {
        "convention": "4x4 matrices, reference world -> sequence world, millimetres, RAS+",
        "reference": str(prepared.reference),
        "reference_grid": _grid(prepared.reference_grid),
        "working_grid": _grid(prepared.brain.grid),
        "transforms": {str(s): matrix.tolist() for s, matrix in prepared.transforms.items()},
    }
    path = Path(path)
    _write(path, json.dumps(content, indent=2) + "\n")
    for sequence, matrix in prepared.transforms.items():
        _write(path.with_name(f"{path.stem}_{str(sequence).lower()}.tfm"), itk_text(matrix))


def itk_text(transform: NDArray[np.float64]) -> str:
    """An ITK transform file of a (4, 4) RAS+ world transform: it maps the reference's points (LPS+) as ITK expects.

    >>> print(itk_text(np.eye(4)).splitlines()[3])
    Parameters: 1.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0 1.0 0.0 0.0 0.0
    """
    matrix = LPS @ transform @ LPS + 0.0
    numbers = " ".join(repr(float(value)) for value in (*matrix[:3, :3].ravel(), *matrix[:3, 3]))
    return (
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        f"Parameters: {numbers}\nFixedParameters: 0 0 0\n"
    )


def _grid(grid: Grid) -> dict[str, object]:
    return {"shape": list(grid.shape), "affine": grid.affine.tolist()}


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        found = f"{type(error).__name__}: {error.strerror}"
        raise OutputError(path, found, "a folder to write to", "Check space and permissions.") from error
