"""nnU-Net's own predictor, from a folder that `oncontour bundle export` made; and our engines on the same weights."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from beside.contest import OURS, named
from beside.rival import Figures, Work

from oncontour.inference.bundle import save_bundle
from oncontour.inference.engines import Engine
from oncontour.interchange.nnunet_export import export_nnunet
from oncontour.networks.standard import INPUTS, STANDARD
from oncontour.plans.plan import Plan
from windows.ours import ours, saved
from windows.tasks import CHANNELS, TASKS, Task, made


def nnunet(half: bool) -> Callable[[Task, Path], Work]:
    """What makes a task ready for nnU-Net.

    Args:
        half: whether in torch's bfloat16, which nnU-Net does not choose on processors.
    """

    def make(task: Task, folder: Path) -> Work:
        from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

        torch.set_num_threads(2)
        predictor = nnUNetPredictor(device=torch.device("cpu"), allow_tqdm=False, use_mirroring=bool(task.mirror))
        predictor.initialize_from_trained_model_folder(str(exported(task, folder)), (0,))
        predictor.network.load_state_dict(predictor.list_of_parameters[0])
        image = torch.from_numpy(np.ascontiguousarray(np.load(folder / "image.npy").transpose(0, 3, 2, 1)))

        def work() -> Callable[[], Figures]:
            with torch.autocast("cpu", torch.bfloat16) if half else nullcontext():
                found = predictor.predict_sliding_window_return_logits(image)
            logits = np.asarray(found).transpose(0, 3, 2, 1)
            return partial(saved, folder, "nnunet-bf16" if half else "nnunet", [logits])

        return work

    return make


def predictor(work: Path) -> Any:
    """nnU-Net's predictor of 31 million parameters at 1 mm, for whole cases: two threads, no mirrored views.

    Args:
        work: folder of benchmarks/sliding_window.py.
    """
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    torch.set_num_threads(2)
    found = nnUNetPredictor(device=torch.device("cpu"), allow_tqdm=False, use_mirroring=False)
    found.initialize_from_trained_model_folder(str(exported(TASKS["plain"], work / "plain")), (0,))
    return found


def exported(task: Task, folder: Path) -> Path:
    """The task's network as a folder of nnU-Net's; what is there is kept."""
    out = folder / "nnunet"
    if out.exists():
        return out
    standard = STANDARD[task.network]
    arguments = {"inputs": INPUTS, "outputs": standard.outputs, **standard.arguments}
    plan = Plan.model_validate({
        "name": "benchmark", "scheme": "brats", "channels": [str(one) for one in CHANNELS], "spacing_mm": 1.0,
        "normalisation": "zscore", "network": {"name": standard.network, "arguments": arguments},
        "training": {
            "epochs": 1, "steps_per_epoch": 1, "batch": 2, "patch": task.tile, "loss": {"output": "sigmoid"},
        },
        "inference": {**task.plan.model_dump(), "mirror": task.mirror},
    })  # fmt: skip
    golden = np.zeros((INPUTS, 64, 64, 64), np.float32)
    bundle = save_bundle(
        folder / "bundle", plan, made(task, folder), golden, "# benchmark\n\nText.\n", {"licence": "Apache-2.0"},
        precision="float32",
    )  # fmt: skip
    return export_nnunet(bundle, out)


PROGRAMS = {
    **{str(one): (lambda one=one: f"{OURS}, {one}", ours(one)) for one in Engine},
    "nnunet": (lambda: named("nnU-Net", "nnunetv2"), nnunet(half=False)),
    "nnunet-bf16": (lambda: f"{named('nnU-Net', 'nnunetv2')} in torch's bf16", nnunet(half=True)),
}
