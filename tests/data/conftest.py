"""Small NIfTI files for the tests of this room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti


@pytest.fixture
def make_files(tmp_path):
    """Writes small images of the given names under the test's folder, and returns that folder."""

    def make(*names: str, root: Path = tmp_path, channels: int | None = None) -> Path:
        for n, name in enumerate(names):
            shape = (4, 5, 6) if channels is None else (channels, 4, 5, 6)
            array = np.random.default_rng(n).normal(100, 10, shape).astype(np.float32)
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_nifti(Volume(array, np.eye(4)), path)
        return root

    return make
