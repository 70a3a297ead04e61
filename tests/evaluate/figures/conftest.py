"""Scores of made-up models: some cases missed, some perfect."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.evaluate.compare import Model

REGIONS = ("WT", "TC", "ET")


def model(name: str, cases: int = 20, seed: int = 0, missed: int = 2, regions: tuple[str, ...] = REGIONS) -> Model:
    random = np.random.default_rng(seed)
    values = {region: np.r_[np.zeros(missed), random.beta(6, 2, cases - missed)] for region in regions}
    return Model(name, {region: {f"c{n}": float(v) for n, v in enumerate(own)} for region, own in values.items()})


@pytest.fixture
def make():
    return model


@pytest.fixture
def dots():
    """Heights of the dots of axes, all together."""
    from matplotlib.collections import PathCollection

    def found(axes) -> np.ndarray:
        own = [np.asarray(one.get_offsets())[:, 1] for one in axes.collections if isinstance(one, PathCollection)]
        return np.sort(np.concatenate(own)) if own else np.array([])

    return found


@pytest.fixture
def words():
    def found(figure) -> list[str]:
        from matplotlib.text import Text

        return [text.get_text() for text in figure.findobj(Text) if text.get_text()]

    return found
