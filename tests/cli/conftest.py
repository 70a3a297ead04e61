"""A small data set for the tests of commands that read one."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti

SHAPE = (12, 14, 8)


@pytest.fixture
def data(tmp_path):
    """A folder of three cases with two sequences and a mask each."""
    for number in range(3):
        folder = tmp_path / "data" / f"case_{number}"
        folder.mkdir(parents=True)
        for channel, name in enumerate(("t1ce", "flair")):
            array = np.random.default_rng(10 * number + channel).normal(100, 10, SHAPE)
            write_nifti(Volume(array.astype(np.float32), np.eye(4)), folder / f"{name}.nii.gz")
        labels = np.zeros(SHAPE, np.uint8)
        labels[2:6, 3:8, 2:5] = 3
        write_nifti(Volume(labels, np.eye(4)), folder / "seg.nii.gz", "uint8")
    return tmp_path / "data"
