import copy

import numpy as np
import pytest

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.plans.file import save_plan
from oncontour.plans.plan import Plan
from oncontour.training.machine import Machine
from oncontour.training.prepared import write_prepared
from oncontour.training.request import Request

MACHINE = Machine(device="cpu", workers=0, threads=1)

TINY = {
    "name": "tiny", "scheme": "brats", "channels": ["T1", "T1CE", "T2", "FLAIR"], "spacing_mm": 4.0,
    "normalisation": "zscore",
    "network": {"name": "residual_unet", "arguments": {"inputs": 4, "outputs": 3, "features": [4, 8], "fine": 4}},
    "synthetic": {"cases": 2, "seed": 5, "skull": False, "mni_share": 1.0},
    "training": {
        "epochs": 3, "steps_per_epoch": 4, "batch": 2, "patch": [16, 16, 16], "optimiser": {"learning_rate": 0.01},
        "sampling": {"foreground": 0.7, "sequence_dropout": 0.3}, "average_decay": 0.9, "seed": 3,
        "augment": [{"name": "mirror", "probability": 0.5}],
    },
    "inference": {"mirror": [0], "tile": [32, 32, 32], "overlap": 0.25},
}  # fmt: skip


def changed(plan, **training):
    """The plan with other fields of its training."""
    content = plan.model_dump(mode="json")
    content["training"] |= training
    return Plan.model_validate(content)


@pytest.fixture
def change():
    return changed


@pytest.fixture
def tiny():
    """The content of `tiny_plan`, to be changed."""
    return copy.deepcopy(TINY)


@pytest.fixture
def tiny_plan():
    return Plan.model_validate(TINY)


@pytest.fixture
def make_prepared():
    return prepared_case


def prepared_case(folder, plan, seed=0, patient=None, labels=True):
    """A stripped case with a bright cube for a tumour."""
    rng = np.random.default_rng(seed)
    target = np.zeros((24, 20, 22), np.uint8)
    if labels:
        i, j, k = rng.integers(4, 8, 3)
        target[i : i + 8, j : j + 8, k : k + 8] = 2
        target[i + 2 : i + 6, j + 2 : j + 6, k + 2 : k + 6] = 3
        target[i + 3 : i + 5, j + 3 : j + 5, k + 3 : k + 5] = 1
    images = rng.normal(0, 0.3, (4, *target.shape)).astype(np.float32) + target
    brain = np.ones(target.shape, bool)
    brain[0] = brain[-1] = False
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    facts = {"patient": patient or folder.name, "channels": list(plan.channels), "digest": "-"}
    return write_prepared(
        folder, images * brain, [Volume(target, affine)], Grid(target.shape, affine), brain, plan, facts
    )


@pytest.fixture
def prepared(tmp_path, tiny_plan):
    return [prepared_case(tmp_path / "prepared" / f"case-{n}", tiny_plan, n) for n in range(4)]


@pytest.fixture
def brats(tmp_path):
    """Writes a data set in BraTS 2023's naming: stripped balls of brain at 4 mm with a tumour of three labels."""

    def write(cases=4, folder=tmp_path / "data"):
        for number in range(cases):
            name = f"BraTS-GLI-{number:05d}-000"
            (folder / name).mkdir(parents=True)
            rng = np.random.default_rng(number)
            where = np.indices((44, 48, 40)) - np.array([22, 24, 20]).reshape(3, 1, 1, 1)
            brain = np.linalg.norm(where, axis=0) < 15
            depth = np.linalg.norm(where - rng.integers(-5, 6, (3, 1, 1, 1)), axis=0)
            labels = np.zeros(brain.shape, np.uint8)
            for value, radius in ((2, 7.0), (3, 5.0), (1, 2.5)):
                labels[depth < radius] = value
            affine = np.diag([-4.0, -4.0, 4.0, 1.0])
            affine[:3, 3] = 88.0, 96.0, -80.0
            for n, suffix in enumerate(("t1n", "t1c", "t2w", "t2f")):
                image = (400 + 60 * rng.normal(size=brain.shape) + 100.0 * (n + 1) * labels).clip(1) * brain
                write_nifti(Volume(image.astype(np.float32), affine), folder / name / f"{name}-{suffix}.nii.gz")
            write_nifti(Volume(labels, affine), folder / name / f"{name}-seg.nii.gz", "uint8")
        return folder

    return write


@pytest.fixture
def request_of(tmp_path, tiny):
    """A request for the tiny plan, with changes to both."""

    def make(plan=None, **changes):
        path = tmp_path / "tiny.yaml"
        content = {**tiny, **(plan or {})}
        content["training"] = {**tiny["training"], "epochs": 1, "steps_per_epoch": 2, **content.get("training", {})}
        content["training"] |= {"epochs": 1, "steps_per_epoch": 2}
        save_plan(Plan.model_validate(content), path)
        return Request(path, **{"work": tmp_path / "work", "machine": MACHINE, "fold_count": 2, **changes})

    return make
