"""What trained folds are worth: predictions of cases that a fold has not seen, in the cases' own geometry, scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from oncontour.core.labels import SCHEMES, Region
from oncontour.core.overlap import dice
from oncontour.core.volume import Volume
from oncontour.data.datasets import Dataset
from oncontour.data.datasets.images import read_label_map
from oncontour.data.nifti import write_nifti
from oncontour.inference.bundle import Bundle
from oncontour.inference.cascade import cascade_probabilities, part_name
from oncontour.inference.tiling import probabilities
from oncontour.plans.plan import Plan
from oncontour.preprocess.resample import resample_channels
from oncontour.training.job import Job
from oncontour.training.prepared import PreparedCase, targets
from oncontour.training.state import load_weights, make_network, shipped_weights
from oncontour.training.validate import network_input, thresholds

if TYPE_CHECKING:
    from torch import nn

Masks = Mapping[str, NDArray[np.bool_]]
"""Masks (i, j, k) in a case's own geometry, by the name of the region."""

Truth = Callable[[PreparedCase], Masks]

Fold = Mapping[str, "nn.Module"]
"""The networks of one fold, by the name of their part (`oncontour.inference.weights.parts`)."""


@dataclass(frozen=True)
class Score:
    """One region of one case.

    Args:
        part: "out of fold" or "held out".
        seed: of the training.
        fold: that predicted; None: all of them together.
        case, region: what.
        dice: both empty 1, one empty 0.
    """

    part: str
    seed: int
    fold: int | None
    case: str
    region: str
    dice: float


def load_fold(jobs: Sequence[Job], which: str, device: torch.device) -> Fold:
    """The networks of one fold's jobs, ready to predict.

    Args:
        which: "best" or "last" checkpoint; the last where nothing was validated.

    Raises:
        InputError: one of them was not trained.
    """
    networks = {}
    for job in jobs:
        network = make_network(job.network)
        network.load_state_dict(load_weights(shipped_weights(job.last.folder, which)))
        name = part_name(job.stage, job.view) if job.stage else ""
        networks[name] = network.to(device).eval().requires_grad_(False)
    return networks


def predict_targets(folds: Sequence[Fold], case: PreparedCase, plan: Plan) -> NDArray[np.float32]:
    """Probabilities (T, i, j, k) of a plan's targets on the prepared grid, mean over folds; 0 outside the brain."""
    image = network_input(case, plan)
    inside = (image[: len(plan.channels)] != 0).any(0) if plan.channels else np.ones(case.shape, bool)
    if plan.stages:
        activation = Bundle(Path(), plan, {}, plan.name).activation
        scheme = SCHEMES[plan.scheme]
        return cascade_probabilities(folds, image, plan, scheme, activation) * inside
    softmax = plan.training.loss.output == "softmax"
    apply: Callable[[Tensor], Tensor] = _foreground if softmax else torch.sigmoid
    networks = [fold[""] for fold in folds]
    return probabilities(networks, image, plan.inference, activation=apply) * inside


def _foreground(logits: Tensor) -> Tensor:
    return torch.softmax(logits, 1)[:, 1:]


def scored_regions(plan: Plan) -> tuple[Region, ...]:
    """The regions of a plan's scheme; where its network tells every label apart, the composites too."""
    scheme = SCHEMES[plan.scheme]
    return (*scheme.regions, *(scheme.composites if _tells_labels(plan) else ()))


def _tells_labels(plan: Plan) -> bool:
    return plan.training.loss.output == "softmax" and not plan.stages


def of_rater(found: NDArray[np.float32], plan: Plan, number: int) -> NDArray[np.float32]:
    """Probabilities (T, i, j, k) by one of the plan's raters, of all raters' (R x T, i, j, k)."""
    return found.reshape(len(plan.raters), -1, *found.shape[1:])[number]


def consensus(found: NDArray[np.float32], plan: Plan) -> NDArray[np.float32]:
    """The mean of the raters' probabilities; of a plan without any, what was found."""
    return np.mean([of_rater(found, plan, n) for n in range(len(plan.raters))], axis=0) if plan.raters else found


def native_result(found: NDArray[np.float32], case: PreparedCase, plan: Plan) -> tuple[Volume, Masks]:
    """A prediction in the case's own geometry, from the targets' probabilities: what is written, and its regions.

    A label map: of softmax the likeliest label, of nested regions what they paint. Regions that overlap otherwise
    stay apart (R, i, j, k).
    """
    plan = plan.model_copy(update={"raters": ()})
    scheme, source = SCHEMES[plan.scheme], case.source
    native = np.stack(list(resample_channels(found, case.grid, source)))
    if _tells_labels(plan):
        values = np.array([0, *(own[0] for own in targets(plan).values())], np.uint8)
        label_map = values[np.concatenate((1 - native.sum(0, keepdims=True), native)).argmax(0)]
    else:
        masks = native > thresholds(plan, list(targets(plan)))
        if not scheme.nested:
            return Volume(masks, source.affine), dict(zip(targets(plan), masks, strict=True))
        label_map = scheme.decode(masks)
    return Volume(label_map, source.affine), _masks(label_map, plan)


def _masks(label_map: NDArray, plan: Plan) -> Masks:
    scheme = SCHEMES[plan.scheme]
    return {region.name: np.isin(label_map, scheme.values(region)) for region in scored_regions(plan)}


def dataset_truth(dataset: Dataset, plan: Plan) -> Truth:
    """The masks of a data set's cases, as they lie on disk."""

    def truth(case: PreparedCase) -> Masks:
        there = dataset.case(case.name)
        assert there.mask is not None, "prepared cases have a mask"
        masks = dict(_masks(read_label_map(there.mask, dataset).array, plan))
        for rater in plan.raters:
            own = _masks(read_label_map(there.raters[rater], dataset).array, plan)
            masks |= {f"{name} {rater}": mask for name, mask in own.items()}
        return masks

    return truth


def prepared_truth(plan: Plan) -> Truth:
    """The masks of cases whose own geometry is the prepared one, as of synthetic ones."""
    scheme, learnt = SCHEMES[plan.scheme], targets(plan)
    parts = {
        region.name: [
            n for n, (name, values) in enumerate(learnt.items())
            if (set(values) <= set(scheme.values(region)) if _tells_labels(plan) else name == region.name)
        ]
        for region in scored_regions(plan)
    }  # fmt: skip
    return lambda case: {name: np.any(case.regions[own], axis=0) for name, own in parts.items()}


def evaluate(
    folds: Sequence[Fold],
    cases: Sequence[PreparedCase],
    plan: Plan,
    truth: Truth,
    folder: Path,
    labels: tuple[str, int, int | None],
    progress: Callable[[], None] = lambda: None,
) -> list[Score]:
    """Predict cases, write each as `folder`/CASE.nii.gz, and score its regions.

    Of several raters that is their consensus, scored against the case's mask; each one's own prediction goes to
    `folder`/RATER/CASE.nii.gz and is scored against that rater's.

    Args:
        folds: whose probabilities are averaged.
        truth: what the cases' masks say.
        labels: part, seed and fold of the scores.
        progress: called after each case.
    """
    scores = []
    for case in cases:
        found = predict_targets(folds, case, plan)
        results = {"": consensus(found, plan)} | {r: of_rater(found, plan, n) for n, r in enumerate(plan.raters)}
        true = truth(case)
        for rater, chances in results.items():
            written, masks = native_result(chances, case, plan)
            (folder / rater).mkdir(parents=True, exist_ok=True)
            write_nifti(written, folder / rater / f"{case.name}.nii.gz", "uint8")
            named = {f"{name} {rater}".strip(): mask for name, mask in masks.items()}
            scores += [Score(*labels, case.name, name, dice(mask, true[name])) for name, mask in named.items()]
        progress()
    return scores


def summarise(scores: Sequence[Score]) -> list[dict[str, object]]:
    """A row for each part, seed and region: how many cases, mean, standard deviation and median of Dice.

    Where there are several seeds a further row tells the mean of their means, and in `sd` how far these spread.
    """
    rows: list[dict[str, object]] = []
    parts = list(dict.fromkeys(score.part for score in scores))
    regions = list(dict.fromkeys(score.region for score in scores))
    seeds = list(dict.fromkeys(score.seed for score in scores))
    for part in parts:
        for region in regions:
            means = []
            for seed in seeds:
                chosen = [s.dice for s in scores if (s.part, s.region, s.seed) == (part, region, seed)]
                if chosen:
                    rows.append({"part": part, "seed": str(seed), "region": region, **_spread(chosen)})
                    means.append(float(np.mean(chosen)))
            if len(means) > 1:
                rows.append({"part": part, "seed": "over seeds", "region": region, **_spread(means)})
    return rows


def _spread(values: Sequence[float]) -> dict[str, object]:
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else ""
    return {
        "n": len(values),
        "mean": round(float(np.mean(values)), 4),
        "sd": round(deviation, 4) if deviation != "" else "",
        "median": round(float(np.median(values)), 4),
    }
