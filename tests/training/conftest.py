import numpy as np
import pytest

from oncontour.plans.plan import Plan


@pytest.fixture
def tiny_plan():
    return Plan.model_validate(
        {
            "name": "tiny", "scheme": "brats", "channels": ["T1", "T1CE", "T2", "FLAIR"], "spacing_mm": 4.0,
            "normalisation": "zscore",
            "network": {
                "name": "residual_unet",
                "arguments": {"inputs": 4, "outputs": 3, "features": [4, 8], "fine": 4},
            },
            "synthetic": {"cases": 2, "seed": 5, "skull": False, "mni_share": 1.0},
            "training": {
                "steps": 12, "batch": 2, "patch": [16, 16, 16], "learning_rate": 0.01, "weight_decay": 0.0,
                "foreground": 0.7, "sequence_dropout": 0.5, "average_decay": 0.9, "seed": 3,
            },
            "inference": {"mirror": [0], "tile": [64, 64, 64], "overlap": 0.25},
        }
    )  # fmt: skip


@pytest.fixture
def tiny_case(tmp_path):
    """A stripped case with a bright cube for a tumour, as the training set stores it."""
    rng = np.random.default_rng(0)
    target = np.zeros((24, 20, 22), np.uint8)
    target[8:16, 6:14, 7:15] = 2
    target[10:14, 8:12, 9:13] = 3
    images = rng.normal(0, 0.3, (4, *target.shape)).astype(np.float32) + target
    path = tmp_path / "00000.npz"
    np.savez(path, images=images.astype(np.float16), target=target)
    return path
