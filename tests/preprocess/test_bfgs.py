"""Descent: finds the minimum of an ill-scaled bowl and of a curved valley, and never climbs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.preprocess.bfgs import LONGEST_STEP, minimise


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 8.0), min_size=6, max_size=6), st.lists(st.floats(-15, 15), min_size=6, max_size=6))
def test_an_ill_scaled_bowl(curvatures, lowest):
    bend, goal = np.array(curvatures), np.array(lowest)
    found = minimise(lambda x: (float(bend @ (x - goal) ** 2) / 2, bend * (x - goal)), iterations=80)
    assert found.value < 0.02  # 0.2 mm at curvature 1


def test_a_curved_valley():
    def valley(x):
        value = (1 - x[0]) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2
        slope = np.array([-2 * (1 - x[0]) - 40 * x[0] * (x[1] - x[0] ** 2), 20 * (x[1] - x[0] ** 2)])
        return float(value), slope

    found = minimise(valley, iterations=60, parameters=2)
    assert found.x == pytest.approx((1, 1), abs=0.02)


def test_steps_are_capped_values_fall_and_iterations_end():
    seen = []

    def cliff(x):
        seen.append(x.copy())
        return float(-1000 * x.sum()), np.full(6, -1000.0)

    found = minimise(cliff, iterations=3)
    assert found.iterations == 3
    assert np.linalg.norm(np.diff(seen, axis=0), axis=1).max() <= LONGEST_STEP + 1e-9
    assert found.value < 0
