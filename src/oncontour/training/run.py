"""A whole training from a plan: make the cases, train, export the bundle. Each stage resumes where it stopped."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import oncontour
from oncontour.core.errors import BundleError
from oncontour.inference.bundle import Bundle, save_bundle
from oncontour.plans.plan import Plan, load_plan
from oncontour.training.loop import resume, train
from oncontour.training.sampling import batches
from oncontour.training.synthetic import make_training_set

GOLDEN_VOXELS = 32
"""Edge of the golden sample: 0.25 MB for four channels, and it runs in a moment."""


@dataclass(frozen=True)
class Callbacks:
    """What a training calls as it goes on."""

    cases: Callable[[int, int], None] = lambda done, total: None
    steps: Callable[[int, int, float], None] = lambda step, total, loss: None


def train_bundle(
    recipe: Path, work: Path, out: Path, anatomies: Path | None, workers: int, callbacks: Callbacks | None = None
) -> Bundle:
    """Train the model of a recipe and write its bundle.

    Args:
        recipe: a plan; beside it stands `NAME.card.md`, the model card.
        work: cases, checkpoint and log; a second call goes on there.
        out: folder of the bundle.
        anatomies: folder of label maps to grow tumours in, beside the MNI152 brain.
        workers: processes that make cases.
    """
    callbacks = callbacks or Callbacks()
    plan = load_plan(recipe)
    total = plan.synthetic.cases
    paths = make_training_set(plan, work / "cases", anatomies, workers, lambda done: callbacks.cases(done, total))
    steps = plan.training.steps
    train(plan, batches(plan, paths), work, lambda step, loss: callbacks.steps(step, steps, loss))
    return export_bundle(recipe, work, out, anatomies)


def export_bundle(recipe: Path, work: Path, out: Path, anatomies: Path | None) -> Bundle:
    """Write the bundle of a training's last checkpoint.

    Raises:
        BundleError: no checkpoint, or no model card beside the recipe.
    """
    plan = load_plan(recipe)
    card = recipe.with_name(f"{plan.name}.card.md")
    for path in (work / "checkpoint.pt", card):
        if not path.exists():
            raise BundleError(path, "no such file", "a finished training and its model card", "Train first.")
    state = resume(plan, work / "checkpoint.pt")
    label_maps = sorted(path.name for path in anatomies.glob("*.nii.gz")) if anatomies else []
    provenance = {
        "data": {
            "kind": "synthetic: tumours grown in healthy anatomies; no patient's tumour was seen in training",
            "cases": plan.synthetic.cases,
            "first_seed": plan.synthetic.seed,
            "anatomies": ["MNI152 (ICBM 2009a, from nilearn)", *label_maps],
        },
        "steps": state.step,
        "loss": round(state.loss, 4),
        "versions": {
            "oncontour": oncontour.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "scipy")},
        },
        "licence": "Apache-2.0",
    }
    return save_bundle(out, plan, state.average, _golden(plan, work), card.read_text("utf-8"), provenance)


def _golden(plan: Plan, work: Path) -> np.ndarray:
    """A small piece of the first training case that shows what is sought, (C, i, j, k)."""
    for path in sorted((work / "cases").glob("*.npz")):
        with np.load(path) as case:
            images, target = case["images"].astype(np.float32), case["target"]
        if target.any():
            break
    else:
        raise BundleError(work / "cases", "no case with a tumour", "at least one", "Lower `healthy` in the recipe.")
    centre = np.argwhere(target > 0).mean(0).astype(int)
    start = np.clip(centre - GOLDEN_VOXELS // 2, 0, np.array(target.shape) - GOLDEN_VOXELS)
    box = tuple(slice(int(n), int(n) + GOLDEN_VOXELS) for n in start)
    return images[(slice(0, len(plan.channels) or 1), *box)]
