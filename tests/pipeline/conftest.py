"""Small studies, and stand-ins for models, for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.plans.plan import PostprocessPlan


@pytest.fixture
def make_study(tmp_path):
    """Writes a folder of small NIfTI images of noise under the test's folder, and returns it."""

    def make(folder: str, *names: str, seed: int = 0) -> Path:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for n, name in enumerate(names):
            array = np.random.default_rng((seed, n)).normal(100, 10, (8, 9, 10)).astype(np.float32)
            write_nifti(Volume(array, np.eye(4)), tmp_path / folder / name)
        return tmp_path / folder

    return make


@pytest.fixture(scope="session")
def stand_in_bundles():
    """Makes a `load_bundle` that gives bundles without a network, whose folders lie under a root."""

    def make(root: Path):
        def load(name, engine):
            folder = root / str(name)
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "provenance.json").exists():
                (folder / "provenance.json").write_text("{}")
            plan = SimpleNamespace(normalisation="zscore", postprocess=PostprocessPlan(minimum_whole_mm3=1.0))
            facts = {"scheme": BRATS, "card_line": "A stand-in.", "steps": None, "labels_apart": False}
            facts |= {"calibration": None, "purpose": "Tests.", "engine": engine, "engine_notes": ()}
            decode = lambda regions, output: BRATS.decode(regions)  # noqa: E731
            return SimpleNamespace(name=str(name), folder=folder, plan=plan, label_map=decode, **facts)

        return load

    return make


@pytest.fixture
def bundles(tmp_path_factory, monkeypatch, stand_in_bundles):
    """Bundles without a network, "default" and "brain", in this folder; a test may change their provenance."""
    root = tmp_path_factory.mktemp("bundles")
    monkeypatch.setattr("oncontour.inference.bundle.load_bundle", stand_in_bundles(root))
    return root
