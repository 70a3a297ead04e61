"""What a training leaves behind: the bundle of its folds, and the manifest of how it came about."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import oncontour
from oncontour.core.errors import InputError
from oncontour.core.versions import installed
from oncontour.data.datasets import Dataset
from oncontour.data.files import write_json
from oncontour.inference.bundle import Bundle, load_bundle, save_bundle
from oncontour.plans.file import card_beside
from oncontour.plans.plan import Plan
from oncontour.training.crossval import Fold
from oncontour.training.job import Job
from oncontour.training.machine import resolved
from oncontour.training.prepare import Preparation
from oncontour.training.request import Request, start_mark
from oncontour.training.validate import network_input

PACKAGES = ("torch", "numpy", "scipy", "SimpleITK", "nibabel", "lightning-fabric", "monai")
"""Packages whose version can change a result."""

GOLDEN_VOXELS = 32
"""Edge of the golden sample: 0.25 MB for four channels, and it runs in a moment."""


def versions() -> dict[str, str]:
    """Of this program, Python, and the packages that can change a result."""
    return {"oncontour": oncontour.__version__, "python": platform.python_version(), **installed(PACKAGES)}


def write_manifest(
    request: Request,
    plan: Plan,
    dataset: Dataset,
    cases: Preparation,
    jobs: Sequence[Job],
    seconds: Mapping[str, float],
) -> None:
    """Write `manifest.json`: what was trained on what, with what, how long it took; `finished` once it is."""
    machine, asked = request.machine, plan.training.precision
    here = request.queue.cluster == "local"  # A cluster's nodes decide for themselves what auto is.
    write_json(
        request.work / "manifest.json",
        {
            "finished": bool(seconds),
            "versions": versions(),
            "plan": plan.model_dump(mode="json"),
            "data": _described(dataset, cases, request),
            "from": start_mark(request.start),
            "skipped": dict(cases.failed),
            "nothing_marked": list(cases.empty),
            "trainings": [
                {
                    "name": job.name,
                    "folder": str(job.folder.relative_to(request.work)),
                    "seed": job.plan.training.seed,
                    "phases": [phase.name for phase in job.plan.training.phases],
                    "training_cases": len(job.training),
                    "validation_cases": len(job.validation),
                }
                for job in jobs
            ],
            "machine": {
                "system": f"{platform.system()} {platform.machine()}",
                "device": _device() if machine.on_gpu else "cpu",
                "processes": machine.devices * machine.nodes,
                "compiled": machine.compiles,
                "precision": resolved(asked, machine) if here else asked,
            },
            "seconds": {name: round(value, 1) for name, value in seconds.items()},
        },
    )


def _device() -> str:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "GPUs of a cluster"


def _described(dataset: Dataset, cases: Preparation, request: Request) -> dict[str, Any]:
    used = {case.patient for case in cases.cases}
    content: dict[str, Any] = {"cases": len(cases.cases), "patients": len(used), "scheme": dataset.scheme}
    if request.dataset:
        return {"kind": "data set", "layout": dataset.layout, **content, "digest": dataset.digest()}
    maps = sorted(path.name for path in request.anatomies.glob("*.nii.gz")) if request.anatomies else []
    return {
        "kind": "synthetic: tumours grown in healthy anatomies; no patient's tumour was seen in training",
        **content,
        "anatomies": ["MNI152 (ICBM 2009a, from nilearn)", *maps],
    }


def export(
    request: Request,
    plan: Plan,
    dataset: Dataset,
    cases: Preparation,
    folds: Mapping[int, Fold],
    summary: Sequence[Mapping[str, object]],
) -> Bundle:
    """Write the bundle of the folds that were trained."""
    assert request.out is not None, "asked for a bundle"
    networks = {
        ".".join(filter(None, (f"fold_{n}", part))): net.cpu()
        for n, fold in folds.items()
        for part, net in fold.items()
    }
    card = card_beside(request.plan) or _card(plan, cases, len(folds), summary)
    provenance = {
        "data": _described(dataset, cases, request),
        "from": start_mark(request.start),
        "folds": sorted(folds),
        "weights": request.weights,
        "scores": [dict(row) for row in summary],
        "versions": versions(),
        "licence": "Apache-2.0" if not request.dataset else "as the data set's terms allow",
    }
    previous = load_bundle(request.previous_bundle) if plan.previous and request.previous_bundle else None
    return save_bundle(request.out, plan, networks, golden_sample(cases, plan), card, provenance, previous=previous)


def golden_sample(cases: Preparation, plan: Plan) -> NDArray[np.float32]:
    """A small piece (C, i, j, k) of the first case that shows what is sought.

    Raises:
        InputError: nothing is marked in any case.
    """
    for case in cases.cases:
        marked = np.argwhere(case.regions.any(0))
        if len(marked):
            size = np.minimum(GOLDEN_VOXELS, case.shape)
            start = np.clip(marked.mean(0).astype(int) - size // 2, 0, np.array(case.shape) - size)
            box = tuple(slice(int(n), int(n + length)) for n, length in zip(start, size, strict=True))
            return network_input(case, plan)[(slice(None), *box)]
    raise InputError("data set", "no case with a marked region", "at least one", "Check the masks.")


def _card(plan: Plan, cases: Preparation, folds: int, summary: Sequence[Mapping[str, object]]) -> str:
    """A model card for a plan that has none."""
    channels = ", ".join(plan.channels) or "one image of any sequence"
    spacing = " x ".join(f"{mm:g}" for mm in plan.spacing)
    count = f"{len(cases.cases)} cases of {len({case.patient for case in cases.cases})} patients"
    table = ["Nothing was held out."]
    if summary:
        head = list(summary[0])
        rows = [[str(value) for value in row.values()] for row in summary]
        table = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    return f"""# {plan.name}

{plan.network.name} at {spacing} mm, for the regions of the scheme {plan.scheme}, from {channels}; trained on {count}.
Research use only; not a medical device.

## Measured (Dice)

{chr(10).join(table)}

Out-of-fold scores are of {folds} {"fold" if folds == 1 else "folds"}, each on cases that it did not train on. Where the
weights of the best validation ship, they were chosen on those same cases, and the scores are a little high.
"""
