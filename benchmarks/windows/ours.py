"""Ours: the tiles of `oncontour.inference.tiling` on any engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from beside.rival import Work
from torch import nn

from oncontour.inference.engines import Engine, ready
from oncontour.inference.tiling import average
from oncontour.networks.standard import INPUTS
from oncontour.plans.plan import InferencePlan
from windows.tasks import Task, made, views


def ours(engine: Engine, tile: tuple[int, int, int] | None = None) -> Callable[[Task, Path], Work]:
    """What makes a task ready for an engine.

    Args:
        tile: other than the task's.
    """

    def make(task: Task, folder: Path) -> Work:
        torch.set_num_threads(2)
        network = made(task, folder).requires_grad_(False).to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
        runner = ready(network, INPUTS, engine, f"benchmark {task.network} {(folder / 'weights.safetensors').stat()}")
        image = np.load(folder / "image.npy")
        plan = task.plan.model_copy(update={"tile": tile}) if tile else task.plan
        average(runner, image[:, :1, :1, :1], plan, nn.Identity())  # A graph is made for the tile's size.
        name = "segments" if tile else str(engine)
        return lambda: partial(saved, folder, name, predicted(runner, image, plan, task))

    return make


def predicted(runner: nn.Module, image: np.ndarray, plan: InferencePlan, task: Task) -> list[np.ndarray]:
    """Logits (L, ...) of each image that the network sees."""
    seen = views(image, task.boxes) if task.boxes else [image]
    return [average(runner, one, plan, nn.Identity()).numpy() for one in seen]


def saved(folder: Path, name: str, logits: list[np.ndarray]) -> dict[str, object]:
    """Keep the labels of logits for the comparison: what exceeds 0, of all images one after the other."""
    labels = [np.concatenate([one[n].ravel() for one in logits]) > 0 for n in range(len(logits[0]))]
    np.save(folder / f"{name}.npy", np.stack(labels)[..., None, None])
    return {}
