"""A synthetic head and the real scans, for the tests of this room, as fixtures."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from oncontour.core.sequence import Sequence
from oncontour.core.study import Image, Study
from oncontour.core.volume import Volume

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def _shared(*parts: str) -> Path:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real scans are not here: {path}")
    return path


def _load(path: Path) -> Volume:
    image = nib.load(path)
    return Volume(np.asarray(image.dataobj, dtype=np.float32).reshape(image.shape[:3]), image.affine)


def _study(volumes: dict[Sequence, Volume], name: str = "case") -> Study:
    return Study(name, {s: Image(s, v, str(s), (Path(f"{s}.nii.gz"),), False) for s, v in volumes.items()})


@cache
def _head(spacing: float = 2.0) -> tuple[dict[Sequence, Volume], Volume]:
    """Four contrasts of an asymmetric brain in a skull, 2 mm, and its brain mask.

    Tissue folds are smoothed noise, so nothing about them is symmetric; each contrast orders tissues its own way.
    """
    random = np.random.default_rng(3)
    shape = tuple(int(n / spacing) for n in (200, 230, 190))
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = -np.array(shape) * spacing / 2.0
    x, y, z = np.meshgrid(*(np.arange(n) * spacing - n * spacing / 2.0 for n in shape), indexing="ij")
    radius = np.sqrt((x / 66) ** 2 + (y / 82) ** 2 + ((z - 10) / 62) ** 2)
    scalp = np.sqrt((x / 80) ** 2 + (y / 97) ** 2 + ((z - 8) / 78) ** 2)
    brain = radius < 1.0
    folds = gaussian_filter(random.normal(size=shape), 6.0 / spacing)
    folds /= folds.std()
    tissue = np.zeros(shape, dtype=int)
    tissue[scalp < 1.0] = 1
    tissue[radius < 1.06] = 2
    tissue[brain] = 3
    tissue[brain & (folds > -0.3)] = 4
    tissue[brain & (folds > 1.2)] = 5
    look = {
        Sequence.T1: (0, 90, 10, 70, 100, 25),
        Sequence.T1CE: (0, 100, 12, 75, 105, 30),
        Sequence.T2: (0, 70, 15, 75, 50, 150),
        Sequence.FLAIR: (0, 80, 10, 90, 65, 20),
    }
    volumes = {}
    for sequence, values in look.items():
        image = gaussian_filter(np.array(values, dtype=float)[tissue], 0.6) + random.normal(0, 2.0, shape)
        volumes[sequence] = Volume(np.maximum(image, 0).astype(np.float32), affine)
    return volumes, Volume(brain, affine)


@pytest.fixture(autouse=True)
def _one_thread():
    """As `run.preprocess` does: registration's tensors are too small for two threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def shared():
    """A function: the path of a file or folder of the real scans; skips where they are absent."""
    return _shared


@pytest.fixture
def load():
    """A function: the volume of a NIfTI file."""
    return _load


@pytest.fixture
def study():
    """A function: a study of volumes by sequence."""
    return _study


@pytest.fixture
def head():
    """Four contrasts of an asymmetric head and its brain mask: arrays are copies, for a test to spoil."""
    volumes, brain = _head()
    return {s: v.with_array(v.array.copy()) for s, v in volumes.items()}, brain
