"""From a data set to prepared cases: read, find the brain, even out (N4), resample, normalise, write.

Cases are prepared side by side; those already there are kept. One bad case never stops the others: all are named at
the end, and left out only when the user says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Listed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from oncontour.core.errors import GeometryError, ImageContentError, InputError, SequenceError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import Dataset, DatasetCase, read_case
from oncontour.data.datasets.images import read_label_map
from oncontour.data.files import write_json
from oncontour.data.locks import locked
from oncontour.data.nifti import read_voxels
from oncontour.inference.cascade import label_channels
from oncontour.inference.predict import grid_around
from oncontour.plans.plan import Plan
from oncontour.preprocess.bias import correct_bias
from oncontour.preprocess.head import scale_head
from oncontour.preprocess.normalise import normalise
from oncontour.preprocess.resample import resample
from oncontour.preprocess.run import choose_reference
from oncontour.preprocess.stripped import detect_stripped
from oncontour.training.prepared import PreparedCase, digest, targets, write_prepared
from oncontour.training.workers import Progress, in_processes

__all__ = ["Preparation", "PreparedCase", "prepare_case", "prepare_dataset"]

SHOWN = 5
"""Bad cases that one error names with their reasons; the file lists all."""


@dataclass(frozen=True)
class Preparation:
    """Prepared cases.

    Args:
        cases: in the order of the data set.
        failed: name -> why, of the cases that could not be prepared.
        empty: names of the cases in which nothing is marked.
    """

    cases: tuple[PreparedCase, ...]
    failed: Mapping[str, str]
    empty: tuple[str, ...]


def settings(plan: Plan) -> dict[str, Any]:
    """What of a plan decides the voxels of its prepared cases."""
    names = {"scheme", "channels", "spacing_mm", "normalisation", "bias_field", "synthetic", "previous"}
    content = plan.model_dump(mode="json", include=names)
    return {**content, "targets": {name: list(values) for name, values in targets(plan).items()}}


def source_digest(case: DatasetCase, coarse: Path | None = None) -> str:
    """Digest of the names and sizes of a case's files, and of the coarse model's prediction of it.

    Raises:
        InputError: a file is not there.
    """
    files = [file for _, file in case.files]
    try:
        content = [[file.path.name, file.channel, file.path.stat().st_size] for file in files]
        return digest([*content, coarse.stat().st_size] if coarse else content)
    except OSError as error:
        remedy = "Copy the data set again, or leave this case out with --skip-bad."
        raise InputError(case.name, "a file of this case that is gone", "all its files", remedy) from error


@lru_cache(maxsize=1)
def _extractor() -> Callable[[Volume], Volume]:
    from oncontour.inference.brain import extract_brain
    from oncontour.inference.bundle import load_bundle

    bundle = load_bundle("brain")
    return lambda volume: extract_brain(volume, bundle)


def find_brain(images: Mapping[Sequence, Volume], where: str) -> Volume:
    """The brain on the reference image's grid: from the background of stripped images, or by the shipped network."""
    reference = choose_reference(images, None, where)
    stripped = detect_stripped(images, reference)
    return stripped.brain if stripped.brain is not None else _extractor()(images[reference])


def prepare_case(
    case: DatasetCase, dataset: Dataset, plan: Plan, folder: Path, previous: Path | None = None
) -> PreparedCase:
    """Prepare one case of a data set; kept where it is there already.

    Args:
        folder: of all prepared cases.
        previous: work folder of the coarse model whose labels are further inputs, where the plan names one.

    Raises:
        InputError: no mask, or the case's files have changed since it was prepared.
        SequenceError: none of the plan's sequences.
        OncontourError: whatever its files are refused for.
    """
    coarse = coarse_prediction(case.name, previous) if previous else None
    sources = source_digest(case, coarse)
    prepared = PreparedCase(folder / case.name)
    if (prepared.folder / "case.json").exists():
        if prepared.facts["digest"] == sources:
            return prepared
        remedy = "Train in another folder (--work), or put the old files back."
        raise InputError(case.name, "other files than when it was prepared", "unchanged data", remedy)
    images, label_map = read_case(case, dataset)
    if label_map is None:
        raise InputError(case.name, "no mask", "a case with its truth", "Leave it out with --skip-bad.")
    facts = {"digest": sources, "patient": case.patient}
    if plan.scheme == "brain":
        return _prepare_head(prepared.folder, images, label_map, plan, facts)
    label_maps = _readings(case, dataset, plan) if plan.raters else [label_map]
    return _prepare_brain(prepared.folder, images, label_maps, plan, facts, coarse)


def _readings(case: DatasetCase, dataset: Dataset, plan: Plan) -> list[Volume]:
    """The label map of each of the plan's raters.

    Raises:
        InputError: a rater has none.
        GeometryError: they lie on several grids.
    """
    absent = [rater for rater in plan.raters if rater not in case.raters]
    if absent:
        found = f"no mask of {', '.join(absent)} (there are: {', '.join(case.raters) or 'none'})"
        expected = f"masks of {', '.join(plan.raters)}"
        raise InputError(case.name, found, expected, "Leave it out with --skip-bad, or name the table's raters.")
    maps = [read_label_map(case.raters[rater], dataset) for rater in plan.raters]
    if not all(one.grid.same_as(maps[0].grid) for one in maps):
        remedy = "Resample one rater's mask to the grid of the other."
        raise GeometryError(case.name, "raters' masks on several grids", "one grid", remedy)
    return maps


def coarse_prediction(name: str, previous: Path) -> Path:
    """A coarse model's result for a case that the fold which made it had not seen.

    Raises:
        InputError: there is none.
    """
    paths = [previous / room / f"{name}.nii.gz" for room in ("predictions", "held_out")]
    for path in paths:
        if path.exists():
            return path
    remedy = "Train the coarse plan with --fold all first, and give its work folder with --previous."
    raise InputError(name, "no prediction of the coarse model", str(paths[0]), remedy)


def _prepare_brain(
    folder: Path,
    images: Mapping[Sequence, Volume],
    label_maps: Listed[Volume],
    plan: Plan,
    facts: Mapping[str, Any],
    coarse: Path | None,
) -> PreparedCase:
    name = folder.name
    known = {sequence: images[sequence] for sequence in plan.channels if sequence in images}
    if not known:
        expected = f"one of {', '.join(plan.channels)}"
        found = ", ".join(images) or "no image"
        raise SequenceError(name, found, expected, "Choose the plan's channels from what the data hold.")
    brain = find_brain(images, name)
    grid = grid_around(brain, plan.spacing)
    inside = resample(brain, grid).array
    if not inside.any():
        raise ImageContentError(name, "an empty brain mask", "a brain", "Check the images.")
    stack = np.zeros((len(plan.channels), *grid.shape), np.float32)
    for sequence, volume in known.items():
        even = _without_bias(volume, brain) if plan.bias_field else volume
        there = resample(Volume(np.asarray(even.array, np.float32), even.affine), grid)
        stack[plan.channels.index(sequence)] = normalise(
            there, inside, plan.normalisation, f"{name} {sequence}"
        ).volume.array
    channels = [str(sequence) for sequence in plan.channels]
    if coarse:
        labels = resample(read_voxels(coarse)[0], grid, order=0).array
        scheme = SCHEMES[plan.scheme]
        stack = np.concatenate((stack, label_channels(labels, scheme)))
        channels += [f"coarse {label.name}" for label in scheme.labels]
    return write_prepared(folder, stack, label_maps, grid, inside, plan, {**facts, "channels": channels})


def _without_bias(volume: Volume, brain: Volume) -> Volume:
    done = correct_bias(volume, resample(brain, volume.grid).array)
    return done.volume if done else volume


def _prepare_head(
    folder: Path, images: Mapping[Sequence, Volume], label_map: Volume, plan: Plan, facts: Mapping[str, Any]
) -> PreparedCase:
    """Whole heads, for brain extraction: every sequence that the case has is one of the images to learn from."""
    everywhere = Volume(np.ones(label_map.array.shape, bool), label_map.affine)
    grid = grid_around(everywhere, plan.spacing, 0.0)
    stack = np.stack([scale_head(resample(volume, grid).array) for volume in images.values()])
    facts = {**facts, "channels": [str(sequence) for sequence in images]}
    return write_prepared(folder, stack, [label_map], grid, np.ones(grid.shape, bool), plan, facts)


def prepare_dataset(
    dataset: Dataset,
    plan: Plan,
    folder: Path,
    workers: int = 1,
    skip_bad: bool = False,
    previous: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Preparation:
    """Prepare every case of a data set that has a mask. Who wants the same folder meanwhile waits.

    Args:
        folder: a folder a case goes there, and `failed.json`.
        workers: processes.
        skip_bad: leave bad cases out instead of refusing the data set.
        previous: work folder of the coarse model that the plan names.

    Raises:
        InputError: a case is bad, or the folder holds cases that were prepared otherwise or from other data.
    """
    work = _DatasetCase(dataset, plan, folder, previous)
    left_out = {error.where: str(error) for error in dataset.left_out}
    with_mask = [case for case in dataset.cases if case.mask is not None]
    with locked(folder):
        check_settings(plan, folder)
        prepared, failed = in_processes(work, with_mask, workers, progress)
        return preparation(prepared, left_out | failed, folder, skip_bad)


@dataclass(frozen=True)
class _DatasetCase:
    """`prepare_case` with all but the case, for another process."""

    dataset: Dataset
    plan: Plan
    folder: Path
    previous: Path | None

    def __call__(self, case: DatasetCase) -> PreparedCase:
        return prepare_case(case, self.dataset, self.plan, self.folder, self.previous)


def check_settings(plan: Plan, folder: Path) -> None:
    """Note for which settings a folder is filled; refuse one that was filled for others.

    Raises:
        InputError: naming the first setting that differs.
    """
    import json

    folder.mkdir(parents=True, exist_ok=True)
    path, wanted = folder / "settings.json", settings(plan)
    if not path.exists():
        write_json(path, wanted)
        return
    there = json.loads(path.read_text("utf-8"))
    for name, value in wanted.items():
        if there.get(name) != value:
            found = f"cases prepared with {name} {there.get(name)}"
            remedy = "Give another folder with --work, or the plan that this one was begun with."
            raise InputError(folder, found, f"{name} {value}", remedy)


def preparation(cases: list[PreparedCase], failed: Mapping[str, str], folder: Path, skip_bad: bool) -> Preparation:
    """What was prepared; refused where cases are bad, unless the user leaves them out.

    Raises:
        InputError: bad cases and not `skip_bad`; no case left; nothing marked in any of them.
    """
    write_json(folder / "failed.json", dict(failed))
    if failed and not skip_bad:
        shown = "; ".join(f"{name}: {why}" for name, why in list(failed.items())[:SHOWN])
        more = f" (and {len(failed) - SHOWN} more in {folder / 'failed.json'})" if len(failed) > SHOWN else ""
        found = f"{len(failed)} of {len(failed) + len(cases)} cases that cannot be used: {shown}{more}"
        raise InputError("data set", found, "usable cases", "Correct them, or leave them out with --skip-bad.")
    empty = tuple(case.name for case in cases if not any(_marked(case)))
    if len(empty) == len(cases):
        found = f"{len(cases)} cases, nothing marked in any of them" if cases else "no case"
        raise InputError("data set", found, "cases with a marked region", "Check the masks and the label scheme.")
    return Preparation(tuple(cases), failed, empty)


def _marked(case: PreparedCase) -> list[int]:
    return [case.facts["voxels"][name] for name in case.facts["regions"]]
