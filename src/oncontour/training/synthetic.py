"""The synthetic training set on disk: made once, in parallel, resumed where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from oncontour.augment.brain_mask import random_brain_mask
from oncontour.core.box import bounding_box
from oncontour.data.phantom.anatomy import Anatomy, load_folder
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.plans.plan import Plan


@cache
def _anatomies(folder: Path | None) -> tuple[Anatomy, list[Anatomy]]:
    return load_mni(), load_folder(folder) if folder else []


def make_training_case(plan: Plan, folder: Path, anatomies: Path | None, number: int) -> Path:
    """Make case `number` of a plan's training set, unless it is there.

    The file holds `images` (C, i, j, k) float16 and `target` (i, j, k) uint8: the tumour's label map, or the brain.
    """
    path = folder / f"{number:05d}.npz"
    if path.exists():
        return path
    synthetic = plan.synthetic
    seed = synthetic.seed + number
    rng = np.random.default_rng((seed, 1))  # a stream of its own, beside the case's
    mni, others = _anatomies(anatomies)
    from_mni = not others or rng.random() < synthetic.mni_share
    anatomy = mni if from_mni else others[int(rng.integers(len(others)))]
    tumour, loose = rng.random() >= synthetic.healthy, rng.random() < synthetic.loose_mask
    spec = Spec(spacing_mm=plan.spacing_mm, skull=synthetic.skull or loose, tumour=tumour)
    case = make_case(anatomy, seed, spec)
    images = np.stack(list(case.images.values()))
    if synthetic.skull:
        target = case.brain.astype(np.uint8)
    else:
        mask = random_brain_mask(rng, case.brain, plan.spacing_mm) if loose else case.brain
        box = bounding_box(mask)
        assert box is not None, "an anatomy has a brain"
        mask, images, target = mask[box], images[(slice(None), *box)], case.labels[box] * mask[box]
        inside = images[:, mask]
        mean, deviation = inside.mean(1), inside.std(1) + 1e-6
        images = (images - mean[:, None, None, None]) / deviation[:, None, None, None] * mask
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, images=images.astype(np.float16), target=target)
    part.replace(path)
    return path


def make_training_set(
    plan: Plan, folder: Path, anatomies: Path | None, workers: int, progress: Callable[[int], None] = lambda done: None
) -> list[Path]:
    """Make all cases of a plan's training set; those already there are kept.

    Args:
        folder: where they go.
        anatomies: folder of label maps; None: the MNI152 brain alone.
        workers: processes.
        progress: called with the number of cases done.
    """
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(plan.synthetic.cases)
    missing = [number for number in numbers if not (folder / f"{number:05d}.npz").exists()]
    if missing:
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            jobs = [pool.submit(make_training_case, plan, folder, anatomies, number) for number in missing]
            for done, job in enumerate(as_completed(jobs), start=len(numbers) - len(missing) + 1):
                job.result()
                progress(done)
    return [folder / f"{number:05d}.npz" for number in numbers]
