"""MONAI's `sliding_window_inference` over the same torch network, and DeepMedic by its program's segments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from beside.contest import named
from beside.rival import Figures, Work

from oncontour.inference.engines import Engine
from windows.ours import ours, saved
from windows.tasks import Task, made, views

SEGMENT = (27, 27, 27)
"""Voxels that the original program predicts at once: its 45^3 less what valid convolutions take, in threes."""


def monai(task: Task, folder: Path) -> Work:
    """Ready for MONAI's inferer, in torch's full precision."""
    from monai.inferers.utils import sliding_window_inference

    torch.set_num_threads(2)
    network = made(task, folder)
    image = np.load(folder / "image.npy")
    seen = views(image, task.boxes) if task.boxes else [image]

    def work() -> Callable[[], Figures]:
        found = []
        with torch.inference_mode():
            for one in seen:
                tile = torch.from_numpy(np.ascontiguousarray(one))[None]
                mode = "gaussian" if task.weighting == "gaussian" else "constant"
                found.append(sliding_window_inference(tile, task.tile, 1, network, task.overlap, mode)[0].numpy())  # pyright: ignore[reportIndexIssue, reportArgumentType, reportAttributeAccessIssue]
        return partial(saved, folder, "monai", found)

    return work


PROGRAMS = {
    "monai": (lambda: named("MONAI", "monai"), monai),
    "segments": (lambda: f"Segments of 45 x 45 x 45, {named('torch', 'torch')}", ours(Engine.TORCH, SEGMENT)),
}
