"""A small series, masks on it, and the validator: for the tests of everything that is made from a study."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series

SHAPE = (13, 9, 8)
AFFINE = np.array([[-0.8, 0.1, 0.4, 30], [0.1, -1.1, 0.2, -12], [0.1, 0.15, 3, 45], [0, 0, 0, 1.0]])
AFFINE[:3, :3] = np.linalg.qr(AFFINE[:3, :3])[0] * (0.8, 1.1, 3)


def series(folder: Path, affine: np.ndarray = AFFINE, shape: tuple[int, ...] = SHAPE) -> Image:
    volume = Volume(np.random.default_rng(0).random(shape).astype(np.float32), affine)
    files = write_series(volume, folder, sequence=Sequence.T1CE, number=4, study=SyntheticStudy("t", 1), plane=None)
    return Image(Sequence.T1CE, volume, "series 4", files, dicom=True)


def enhanced(folder: Path, factory) -> Image:
    """Five slices as the frames, out of order, of an enhanced object; `factory` is the fixture."""
    stored = np.random.default_rng(0).integers(0, 900, (5, 9, 13)).astype(np.uint16)
    positions = [(-20.0, -30.0, -40.0 + 3 * k) for k in (2, 0, 4, 1, 3)]
    dataset = factory.enhanced(stored, positions, spacing=(1.1, 0.8), **factory.new_study(), SeriesNumber=7)
    path = factory.save(dataset, folder / "enhanced.dcm")
    affine = np.diag([-0.8, -1.1, 3.0, 1.0])
    affine[:3, 3] = (20, 30, -40)
    volume = Volume(stored[[1, 3, 0, 4, 2]].T.astype(np.float32), affine)
    return Image(Sequence.FLAIR, volume, "series 7", (path,), dicom=True)


def nested(image: Image, seed: int = 0) -> Volume:
    """Three lopsided regions, each inside the one before, that touch neither the first nor the last slice."""
    noise = np.random.default_rng(seed).random(image.volume.array.shape)
    noise[..., [0, -1]] = 1
    noise[: noise.shape[0] // 3] = 1
    return Volume(np.stack([noise < limit for limit in (0.5, 0.2, 0.05)]), image.volume.affine)


def errors(path: Path, iod: str) -> list[str]:
    """What dciodvfy calls an error, after it has taken the file for that IOD."""
    if not shutil.which("dciodvfy"):
        pytest.skip("dciodvfy (Debian package dicom3tools) is missing: the object's validity is not tested")
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    lines = (said.stderr + said.stdout).splitlines()
    assert iod in lines
    return [line for line in lines if line.startswith("Error")]


def change_headers(image: Image, change) -> None:
    """Let `change` edit every file of a series."""
    for file in image.files:
        dataset = pydicom.dcmread(file)
        change(dataset)
        dataset.save_as(file)


NAMES = {
    "ISO_IR 192": "Ковалёва^Мария",
    "ISO_IR 144": "Ковалева^Мария",
    r"\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
}
"""Character set -> a name that needs it."""


def rename(image: Image, character_set: str) -> str:
    """Give a series' patient the name that a character set is there for, and return it."""
    name = NAMES[character_set]

    def change(dataset):
        dataset.SpecificCharacterSet = character_set.split("\\")
        dataset.PatientName = name

    change_headers(image, change)
    assert str(pydicom.dcmread(image.files[0]).PatientName) == name
    return name
