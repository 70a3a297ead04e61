"""A head of ellipsoids: quick to make, with all the tissues that a case needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.phantom.anatomy import Anatomy, from_labels
from oncontour.data.phantom.kinds import KINDS, Kind

RARE = dict.fromkeys(
    ("haemorrhage", "calcification", "septa", "diffuse", "shift", "spread", "faint", "cortex", "ventricle"), 0.0
)

SHAPE = (176, 200, 180)


def head_labels() -> np.ndarray:
    """FreeSurfer labels (i, j, k), 1 mm RAS; the head has one eye, on its right."""
    x, y, z = (axis - (n - 1) / 2 for axis, n in zip(np.ogrid[tuple(slice(n) for n in SHAPE)], SHAPE, strict=True))
    z = z - 15
    squared = x**2 / 66**2 + y**2 / 82**2 + z**2 / 62**2
    labels = np.zeros(SHAPE, np.uint16)
    labels[(squared < 1.5) & (z < 70)] = 511
    for limit, value in ((1.36, 515), (1.24, 516), (1.16, 515), (1.1, 24), (1.0, 3), (0.82, 2)):
        labels[squared < limit] = value
    labels[(labels == 2) & (x > 0)] = 41
    labels[(x / 12) ** 2 + (y / 34) ** 2 + ((z - 8) / 12) ** 2 < 1] = 4
    below = (labels > 0) & (squared < 1) & (z < -28) & (y < 0)
    labels[below] = 8
    labels[below & (squared < 0.7)] = 7
    labels[(np.abs(x) < 14) & (np.abs(y + 12) < 14) & (z < -20) & (squared < 1)] = 16
    labels[(x - 30) ** 2 + (y - 78) ** 2 + (z + 40) ** 2 < 11**2] = 530
    return labels


@pytest.fixture(scope="session")
def labels() -> np.ndarray:
    return head_labels()


@pytest.fixture(scope="session")
def anatomy(labels) -> Anatomy:
    return from_labels("ellipsoids", Volume(labels, np.eye(4)))


def adults(**rates) -> Kind:
    """Adults with one focus and no ingredient but those asked for."""
    kind = KINDS["adult"]
    return replace(kind, rates=replace(kind.rates, **{**RARE, "second": 0.0, "cyst": 0.0, **rates}))


@pytest.fixture(scope="session")
def kind_with():
    return adults
