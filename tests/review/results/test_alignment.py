"""Where a place of one scan lies in another."""

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import displacement_mm, rigid
from oncontour.review.results.alignment import Alignments


def test_a_head_that_was_moved_is_found_and_the_way_back_too():
    places = np.stack(np.meshgrid(*(np.arange(48) * 3.0 - 70,) * 3, indexing="ij"))
    head = ((places / np.array([60.0, 70, 50])[:, None, None, None]) ** 2).sum(axis=0) < 1
    ventricle = ((places - np.array([10.0, 20, 5])[:, None, None, None]) ** 2).sum(axis=0) < 300
    spot = ((places - np.array([-30.0, -25, 15])[:, None, None, None]) ** 2).sum(axis=0) < 200
    affine = np.diag([3.0, 3, 3, 1])
    affine[:3, 3] = -70
    image = Volume((100 * head - 60 * ventricle + 80 * spot).astype(np.float32), affine)
    motion = rigid((0.1, -0.05, 0.15), (6, -4, 5))
    moved = resample(image, image.grid, np.linalg.inv(motion))
    found = Alignments()
    there = found.between(("a", "b"), image, moved)
    corners = np.array([[x, y, z] for x in (-50, 50) for y in (-50, 50) for z in (-50, 50)], float)
    assert displacement_mm(there.transform, motion, corners) < 1.5
    again = found.between(("b", "a"), moved, image)
    np.testing.assert_allclose(again.transform @ there.transform, np.eye(4), atol=1e-9)
    assert again.similarity == pytest.approx(there.similarity)
