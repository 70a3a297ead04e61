import dataclasses

import numpy as np
import pytest

from oncontour.core.errors import GeometryError
from oncontour.core.volume import Volume


def test_images_on_another_grid_are_refused(case):
    shifted = case.brain.affine.copy()
    shifted[0, 3] += 1
    with pytest.raises(GeometryError, match="brain"):
        dataclasses.replace(case, brain=Volume(case.brain.array, shifted))
    small = Volume(np.zeros((2, 2, 2), dtype=np.float32), np.eye(4))
    with pytest.raises(GeometryError, match="T1CE"):
        dataclasses.replace(case, images={**case.images, "T1CE": small})
