"""Rigid motions and reflections."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncontour.preprocess.rigid import displacement_mm, reflection, rigid, rotation_angle_deg

vectors = st.tuples(*(st.floats(-1.5, 1.5),) * 3)


@given(vectors, vectors, vectors)
def test_a_rigid_motion_keeps_lengths_and_turns_about_its_centre(rotation, shift, centre):
    matrix = rigid(rotation, shift, centre)
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)
    np.testing.assert_allclose((matrix @ [*centre, 1.0])[:3], np.add(centre, shift), atol=1e-9)
    assert rotation_angle_deg(matrix) == pytest.approx(np.degrees(np.linalg.norm(rotation)), abs=1e-4)


@given(vectors.filter(lambda v: np.linalg.norm(v) > 0.1), vectors)
def test_a_reflection_undoes_itself_and_keeps_its_plane(normal, point):
    mirror = reflection(normal, point)
    np.testing.assert_allclose(mirror @ mirror, np.eye(4), atol=1e-9)
    np.testing.assert_allclose((mirror @ [*point, 1.0])[:3], point, atol=1e-9)
    assert np.linalg.det(mirror) == pytest.approx(-1.0)


def test_displacement_is_the_largest_over_the_points():
    points = np.array([[0.0, 0.0, 0.0], [0.0, 100.0, 0.0]])
    turned = rigid((0, 0, 0.01), (0, 0, 0))
    assert displacement_mm(np.eye(4), turned, points) == pytest.approx(1.0, abs=1e-3)
