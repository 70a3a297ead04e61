import pytest

from oncontour.plans.plan import Plan

CONTENT = {
    "name": "tiny", "scheme": "brats", "channels": ["T1CE", "FLAIR"], "spacing_mm": 2.0, "normalisation": "zscore",
    "network": {"name": "residual_unet", "arguments": {"inputs": 2, "outputs": 3, "features": [4, 8], "fine": 4}},
    "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 1, "patch": [16, 16, 16]},
    "inference": {"mirror": [0], "tile": [64, 64, 64], "overlap": 0.25},
}  # fmt: skip


@pytest.fixture
def make_plan():
    """A tiny plan, with fields of its own."""
    return lambda **changes: Plan.model_validate({**CONTENT, **changes})
