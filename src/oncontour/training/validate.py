"""Validation: whole cases through the sliding window, Dice a region, and the loss by which a plateau is seen."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from oncontour.core.overlap import dice
from oncontour.data.files import write_whole
from oncontour.inference.tiling import average
from oncontour.plans.plan import Plan
from oncontour.training.cascade import Case
from oncontour.training.job import Job
from oncontour.training.losses import segmentation_loss
from oncontour.training.prepared import PreparedCase

EPSILON = 1e-6
"""Probabilities are held this far from 0 and 1, so that their logarithm is finite."""


@dataclass(frozen=True)
class Validated:
    """One validated case, on the network's grid.

    Args:
        case: as the network sees it.
        dice: by region.
        loss: the plan's, over the whole case.
        found: bool (R, i, j, k), the prediction.
    """

    case: Case
    dice: Mapping[str, float]
    loss: float
    found: NDArray[np.bool_]


def network_input(case: Case | PreparedCase, plan: Plan) -> NDArray[np.float32]:
    """What a network is shown of a whole case, (C, i, j, k).

    Where a plan names no sequence its network takes any one: of each case another, told by the case's name.
    """
    images = case.images
    if not plan.channels:
        number = crc32(case.name.encode()) % len(images)
        images = images[number : number + 1]
    return np.ascontiguousarray(images, np.float32)


def thresholds(plan: Plan, regions: Sequence[str]) -> NDArray[np.float32]:
    """(R, 1, 1, 1), the probability above which a voxel belongs to each region."""
    wanted = plan.postprocess.threshold
    each = [wanted.get(name, 0.5) if isinstance(wanted, dict) else wanted for name in regions]
    return np.array(each, np.float32)[:, None, None, None]


def region_masks(targets: NDArray, regions: Mapping[str, tuple[int, ...]]) -> NDArray[np.bool_]:
    """Boolean masks (R, i, j, k) from a case's targets (T, i, j, k)."""
    return np.stack([np.asarray(targets[list(own)], bool).any(0) for own in regions.values()])


def validate_case(network: nn.Module, case: Case, job: Job) -> Validated:
    """Predict a whole case, without mirrored views, and score it.

    Args:
        network: in evaluation mode.
    """
    softmax = job.plan.training.loss.output == "softmax"
    activation: Callable[[Tensor], Tensor] = (lambda logits: torch.softmax(logits, 1)) if softmax else torch.sigmoid
    once = job.plan.inference.model_copy(update={"mirror": ()})
    image = network_input(case, job.plan)
    if once.average == "logits":
        logits = average(network, image, once, nn.Identity()).cpu()
        chances = activation(logits[None])[0]
    else:
        chances = average(network, image, once, activation).cpu()
        held = chances.clamp(EPSILON, 1 - EPSILON)
        logits = held.log() if softmax else torch.logit(held)
    target = torch.tensor(np.asarray(case.regions))
    loss = float(segmentation_loss(logits[None], target[None], job.plan.training.loss))
    learnt = (chances[1:] if softmax else chances).numpy()
    regions = job.regions
    summed = np.stack([learnt[list(own)].sum(0) for own in regions.values()])
    found = summed > thresholds(job.plan, list(regions))
    truth = region_masks(case.regions, regions)
    scores = {name: dice(mask, true) for name, mask, true in zip(regions, found, truth, strict=True)}
    return Validated(case, scores, loss, found)


def mean_scores(results: Sequence[tuple[Mapping[str, float], float]]) -> tuple[dict[str, float], float]:
    """Mean Dice a region, and mean loss, of validated cases."""
    regions = results[0][0]
    scores = {name: float(np.mean([dice[name] for dice, _ in results])) for name in regions}
    return scores, float(np.mean([loss for _, loss in results]))


def write_scores(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write a table; columns are those of the first row."""

    def write(part: Path) -> None:
        with part.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)

    write_whole(path, write)
