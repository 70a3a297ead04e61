"""Minimise a smooth function of a few parameters: BFGS with backtracking (Nocedal and Wright 2006, chapters 3 and 6).

For six rigid parameters in millimetres. Steps are capped, because far from the optimum a similarity is not convex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST_STEP = 8.0
"""No step is longer, in the unit of the parameters (mm): one voxel of the coarsest images."""

SHORTEST_STEP = 0.01
"""A search ends when its step is shorter, in the unit of the parameters (mm): far below what images resolve."""

SUFFICIENT_DECREASE = 1e-4
"""Share of the promised decrease that a step must bring (Armijo's condition, equation 3.4)."""

BACKTRACK = 0.4
"""Factor on a step that did not bring it."""


@dataclass(frozen=True)
class Minimum:
    """Where a search ended: parameters (n,), the value there, iterations used."""

    x: NDArray[np.float64]
    value: float
    iterations: int


def minimise(
    cost: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], iterations: int, parameters: int = 6
) -> Minimum:
    """Descend from zero.

    Args:
        cost: parameters (n,) -> value and gradient (n,). Scaled so that its curvature is about 1.
        iterations: the most to use.
        parameters: n.

    >>> found = minimise(lambda x: (float((x - 3) @ (x - 3)), 2 * (x - 3)), iterations=20, parameters=2)
    >>> found.x.round(6).tolist()
    [3.0, 3.0]
    """
    x, inverse = np.zeros(parameters), np.eye(parameters)
    value, gradient = cost(x)
    done = 0
    while done < iterations:
        step = -inverse @ gradient
        step *= min(1.0, LONGEST_STEP / max(float(np.linalg.norm(step)), SHORTEST_STEP))
        new_value, new_gradient = cost(x + step)
        while new_value > value + SUFFICIENT_DECREASE * float(gradient @ step):
            step = step * BACKTRACK
            if np.linalg.norm(step) < SHORTEST_STEP:
                return Minimum(x, value, done)
            new_value, new_gradient = cost(x + step)
        done += 1
        change = new_gradient - gradient
        x, value, gradient = x + step, new_value, new_gradient
        if np.linalg.norm(step) < SHORTEST_STEP:
            break
        curvature = float(step @ change)
        if curvature > 0.0:
            if done == 1:
                inverse = np.eye(parameters) * curvature / float(change @ change)
            project = np.eye(parameters) - np.outer(step, change) / curvature
            inverse = project @ inverse @ project.T + np.outer(step, step) / curvature
    return Minimum(x, value, done)
