import numpy as np
import pytest
import torch

from oncontour.augment.interface import Sample


def head(size=(24, 20, 22), channels=4):
    """A ball of noise for a brain, three nested balls for a tumour in it, nothing around it."""
    axes = np.ogrid[tuple(slice(0, n) for n in size)]
    half = [(n - 1) / 2 for n in size]
    distance = np.sqrt(sum((axis - middle) ** 2 for axis, middle in zip(axes, half, strict=True)))
    brain = distance < min(size) / 2 - 1
    image = np.random.default_rng(0).normal(0, 1, (channels, *size)) * brain
    off = np.sqrt(sum((axis - middle - 2) ** 2 for axis, middle in zip(axes, half, strict=True)))
    regions = np.stack([off < radius for radius in (5, 3.5, 2)])
    return Sample(torch.from_numpy(image).float(), torch.from_numpy(regions).float())


@pytest.fixture(scope="session")
def make_sample():
    return head


@pytest.fixture
def sample():
    return head()
