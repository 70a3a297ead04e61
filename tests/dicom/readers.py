"""Where other programs see the voxels of our SEG."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume


def assert_same_voxels(positions: np.ndarray, regions: Volume, n: int, tolerance_mm: float = 1e-3) -> None:
    """Positions (n, 3) in RAS mm are those of region n's voxels."""
    index = np.rint(regions.grid.to_index(positions)).astype(int)
    assert np.linalg.norm(regions.grid.to_world(index) - positions, axis=1).max(initial=0) < tolerance_mm
    found = np.zeros(regions.array.shape[1:], dtype=int)
    np.add.at(found, tuple(index.T), 1)
    assert np.array_equal(found, regions.array[n])


def by_highdicom(path: Path, number: int) -> np.ndarray:
    """RAS positions of a segment's voxels, as highdicom reads them."""
    import highdicom

    volume = highdicom.seg.segread(path).get_volume(segment_numbers=[number])
    index = np.argwhere(np.squeeze(volume.array, axis=3) if volume.array.ndim == 4 else volume.array)
    return volume.map_indices_to_reference(index) * (-1, -1, 1)


def by_dcmqi(path: Path, folder: Path) -> list[np.ndarray]:
    """RAS positions of each segment's voxels, as dcmqi and ITK read them."""
    tool = shutil.which("segimage2itkimage", path=str(Path(sys.executable).parent)) or shutil.which("segimage2itkimage")
    if tool is None:
        pytest.skip("dcmqi is missing: that another program reads our SEG is not tested")
    import SimpleITK

    folder.mkdir()
    command = [tool, "--inputDICOM", str(path), "--outputDirectory", str(folder), "--outputType", "nrrd"]
    subprocess.run(command, check=True, capture_output=True)
    assert len(json.loads((folder / "meta.json").read_text())["segmentAttributes"]) == len(BRATS.regions)
    positions = []
    for n in range(1, len(BRATS.regions) + 1):
        picture = SimpleITK.ReadImage(str(folder / f"{n}.nrrd"))
        index = np.argwhere(SimpleITK.GetArrayFromImage(picture))[:, ::-1]
        matrix = np.reshape(picture.GetDirection(), (3, 3)) * picture.GetSpacing()
        positions.append((index @ matrix.T + picture.GetOrigin()) * (-1, -1, 1))
    return positions
