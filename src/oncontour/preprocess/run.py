"""All steps in order: from a study as scanned to registered, normalised images on one grid.

1. content       refuse what cannot be an image                                          content.py
2. brain         from the background of stripped data, a given mask, or the network       stripped.py
3. register      each sequence to the reference, unless measured to agree already         register.py
4. resample      onto 1 mm around the brain; data that are 1 mm already are only cropped  resample.py, box.py
5. bias field    N4                                                                       bias.py
6. normalise     over the brain                                                           normalise.py
7. check         agreement, side, brain, coverage, spacing                                checks.py, mirror.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from oncontour.core.checks import Check, Step
from oncontour.core.errors import ImageContentError, SequenceError
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.preprocess.bias import correct_bias
from oncontour.preprocess.box import dilated, working_grid
from oncontour.preprocess.checks import (
    agreement_check,
    brain_checks,
    coverage_check,
    field_of_view,
    probe,
    spacing_check,
)
from oncontour.preprocess.content import check_content
from oncontour.preprocess.mirror import midsagittal_reflection, mirror_check, side_score
from oncontour.preprocess.normalise import Method, normalise
from oncontour.preprocess.pyramid import pyramid
from oncontour.preprocess.register import refine, register
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import rotation_angle_deg
from oncontour.preprocess.stripped import Stripped, detect_stripped
from oncontour.preprocess.transforms import save_transforms

__all__ = ["Options", "Prepared", "choose_reference", "preprocess", "save_transforms"]

REGION_MARGIN_MM = 6.0
"""Images are aligned on the brain and this much around it: CSF and the skull's inner table hold the edge in place.
Inside the brain alone the optimum of T1 against T2 wandered by 1 to 3 mm on registered scans."""

SETTLED_MM = 1.0
"""Images on one grid that measure as this close stay as they are: less than one voxel, and about what the measure
itself can tell across contrasts (0.3 to 1.0 mm on BraTS data)."""

WORKERS = 2
"""Sequences that are worked on at once; more than this gained nothing for four sequences and costs memory."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Options:
    """What preprocessing may be told.

    Args:
        bias_field: correct it (skipped, with a note, on data that were z-scored before).
        skull_stripped: whether the images are; None: detect.
        brain_mask: an external mask (not 0 = brain), any grid, in the reference's world.
        normalisation: "zscore", "minmax", "percentile95" or "percentile99", over the brain.
        spacing_mm: of the working grid.
        reference: None: T1CE, else the best 3-D one.
        cores: to keep busy at most; `WORKERS` are enough.
    """

    bias_field: bool = True
    skull_stripped: bool | None = None
    brain_mask: Volume | None = None
    normalisation: Method = "zscore"
    spacing_mm: float = 1.0
    reference: Sequence | None = None
    cores: int = WORKERS

    @property
    def workers(self) -> int:
        """Sequences that are worked on at once."""
        return min(self.cores, WORKERS)


@dataclass(frozen=True)
class Prepared:
    """A study that a network can read, and how to get back.

    Args:
        reference: the sequence that all others were registered to.
        reference_grid: its native grid, in which results leave.
        images: (i, j, k) float32 in the working grid, own intensities, bias-corrected where asked.
        normalised: the same, normalised over the brain; 0 outside it and outside the sequence's field of view.
        brain: bool, working grid.
        transforms: (4, 4) rigid, reference world -> that sequence's own world, mm RAS+.
        checks, steps, notes: what was found, done and assumed.
    """

    reference: Sequence
    reference_grid: Grid
    images: Mapping[Sequence, Volume]
    normalised: Mapping[Sequence, Volume]
    brain: Volume
    transforms: Mapping[Sequence, NDArray[np.float64]]
    checks: tuple[Check, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Log:
    """Steps and notes as they come; names each step to `progress` when it begins."""

    progress: Callable[[str], None]
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Times a step; what the body appends becomes its summary."""
        self.progress(name)
        said: list[str] = []
        begun = perf_counter()
        yield said
        self.steps.append(Step(name, round(perf_counter() - begun, 3), "; ".join(said)))


def _silent(_: str) -> None:
    """Report to nobody."""


def preprocess(
    study: Study,
    options: Options,
    extract_brain: Callable[[Volume], Volume],
    progress: Callable[[str], None] = _silent,
) -> Prepared:
    """Prepare a study.

    Args:
        study: as read; each image in its native grid.
        options: see `Options`.
        extract_brain: takes the reference image in its native grid, gives a bool volume on that grid. Called only
            when data are not stripped and no mask is given.
        progress: told each step's name as it begins.

    Raises:
        ImageContentError: an image that holds nothing, or no brain in the mask.
        GeometryError: an impossible affine.
        SequenceError: no image, or the wanted reference is not there.
    """
    log = _Log(progress)
    volumes = {sequence: image.volume for sequence, image in study.images.items()}
    reference = choose_reference(volumes, options.reference, study.name)
    native = volumes[reference]
    with log.step("content") as said:
        for sequence, volume in volumes.items():
            check_content(volume, f"{study.name} {sequence}")
        said.append(f"{len(volumes)} sequences hold images; the reference is {reference}")
    with log.step("brain") as said:
        stripped = _look_for_background(volumes, reference, options)
        mask, how = _brain(native, stripped, options, extract_brain, study.name)
        said.append(how)
    with _one_torch_thread():
        region = dilated(mask, REGION_MARGIN_MM)
        transforms = _register(volumes, reference, region, options.workers, log)
        with log.step("resample") as said:
            grid = working_grid(native.grid, mask, options.spacing_mm)
            brain = resample(mask, grid)
            fills = {s: stripped.background.get(s, min(0.0, float(v.array.min()))) for s, v in volumes.items()}
            images = {
                s: Volume(np.asarray(resample(v, grid, transforms[s], fill=fills[s]).array, np.float32), grid.affine)
                for s, v in volumes.items()
            }
            views = {s: field_of_view(v.grid, grid, transforms[s]) for s, v in volumes.items()}
            said.append(f"{grid.shape} voxels of {options.spacing_mm:g} mm around the brain")
        if options.bias_field:
            images = _correct(images, brain, views, options.workers, log)
        with log.step("normalise") as said:
            scaled = {
                s: normalise(v, brain.array & views[s], options.normalisation, f"{study.name} {s}")
                for s, v in images.items()
            }
            said += [f"{s}: (x - {n.shift:.4g}) / {n.scale:.4g}" for s, n in scaled.items()]
        with log.step("checks") as said:
            checks = _check(volumes, images, reference, brain, region, views, options.workers)
            bad = [check.name for check in checks if check.verdict != "ok"]
            said.append(f"{len(checks)} checks, {len(bad)} of them not ok" + (": " + ", ".join(bad) if bad else ""))
    normalised = {s: n.volume for s, n in scaled.items()}
    return Prepared(
        reference, native.grid, images, normalised, brain, transforms, tuple(checks), tuple(log.steps), tuple(log.notes)
    )


def choose_reference(volumes: Mapping[Sequence, Volume], wanted: Sequence | None, where: str) -> Sequence:
    """The sequence to register to: the wanted one, else T1CE, else the one with the smallest largest spacing.

    Raises:
        SequenceError: no image, or the wanted sequence is not there.
    """
    names = ", ".join(volumes) or "none"
    if not volumes or (wanted is not None and wanted not in volumes):
        expected = f"{wanted}" if wanted else "at least one sequence"
        raise SequenceError(where, f"sequences {names}", expected, "Choose a reference that the study holds.")
    if wanted is not None:
        return wanted
    if Sequence.T1CE in volumes:
        return Sequence.T1CE
    return min(volumes, key=lambda s: (round(max(volumes[s].grid.spacing), 1), volumes[s].grid.voxel_volume_mm3))


def _look_for_background(volumes: Mapping[Sequence, Volume], reference: Sequence, options: Options) -> Stripped:
    if options.skull_stripped is False:
        return Stripped(False, None, {}, "not stripped, as told")
    return detect_stripped(volumes, reference, forced=options.skull_stripped is True)


def _brain(
    native: Volume, stripped: Stripped, options: Options, extract_brain: Callable[[Volume], Volume], where: str
) -> tuple[Volume, str]:
    if options.brain_mask is not None:
        mask, how = Volume(options.brain_mask.array != 0, options.brain_mask.affine), "given mask"
    elif stripped.brain is not None:
        mask, how = stripped.brain, stripped.reason
    else:
        mask, how = extract_brain(native), "extracted by network"
    if not mask.array.any():
        raise ImageContentError(where, f"an empty brain mask ({how})", "a brain", "Give a mask, or check the image.")
    ml = float(mask.array.sum()) * mask.grid.voxel_volume_mm3 / 1000.0
    return mask, f"{how}, {ml:.0f} mL"


def _register(
    volumes: Mapping[Sequence, Volume], reference: Sequence, region: Volume, workers: int, log: _Log
) -> dict[Sequence, NDArray[np.float64]]:
    others = [s for s in volumes if s != reference]
    transforms = {reference: np.eye(4)}
    if not others:
        return transforms
    log.progress("register")
    fixed = pyramid(volumes[reference])

    def one(sequence: Sequence) -> tuple[NDArray[np.float64], Step]:
        begun = perf_counter()
        moving = pyramid(volumes[sequence])
        if volumes[sequence].grid.same_as(volumes[reference].grid):
            near = refine(fixed, moving, np.eye(4), region)
            if near.moved_mm <= SETTLED_MM:
                said = f"agrees already: the optimum lies {near.moved_mm:.2f} mm away; left as it is"
                return np.eye(4), Step(f"register {sequence}", round(perf_counter() - begun, 3), said)
        found = register(fixed, moving, region)
        said = (
            f"moved {found.moved_mm:.1f} mm, turned {rotation_angle_deg(found.transform):.1f} degrees; normalised "
            f"mutual information {found.similarity:.3f} after {found.iterations} iterations, {found.starts} starts"
        )
        return found.transform, Step(f"register {sequence}", round(perf_counter() - begun, 3), said)

    for sequence, (transform, step) in zip(others, _in_parallel(one, others, workers), strict=True):
        transforms[sequence] = transform
        log.steps.append(step)
        moved = not np.array_equal(transform, np.eye(4))
        if moved and volumes[sequence].grid.same_as(volumes[reference].grid):
            log.notes.append(
                f"{sequence} has the reference's grid but did not agree with it, and was registered again."
            )
    return {s: transforms[s] for s in volumes}


def _correct(
    images: Mapping[Sequence, Volume],
    brain: Volume,
    views: Mapping[Sequence, NDArray[np.bool_]],
    workers: int,
    log: _Log,
) -> dict[Sequence, Volume]:
    log.progress("bias field")

    def one(sequence: Sequence) -> tuple[Volume, Step, bool]:
        begun = perf_counter()
        done = correct_bias(images[sequence], brain.array & views[sequence])
        seconds = round(perf_counter() - begun, 3)
        if done is None:
            return images[sequence], Step(f"bias field {sequence}", seconds, "left as it is"), False
        span = np.exp(np.percentile(done.log_field.array, (1, 99)))
        said = f"field from {span[0]:.2f} to {span[1]:.2f}"
        return done.volume, Step(f"bias field {sequence}", seconds, said), True

    corrected = {}
    for sequence, (volume, step, done) in zip(images, _in_parallel(one, images, workers), strict=True):
        corrected[sequence] = volume
        log.steps.append(step)
        if not done:
            log.notes.append(
                f"{sequence} was z-scored before (negative values in the brain): no bias field was sought."
            )
    return corrected


def _check(
    volumes: Mapping[Sequence, Volume],
    images: Mapping[Sequence, Volume],
    reference: Sequence,
    brain: Volume,
    region: Volume,
    views: Mapping[Sequence, NDArray[np.bool_]],
    workers: int,
) -> list[Check]:
    checks = brain_checks(brain, volumes[reference].grid)
    inside = max(int(brain.array.sum()), 1)
    checks += [coverage_check(s, float((brain.array & view).sum()) / inside) for s, view in views.items()]
    checks += [spacing_check(s, volume.grid) for s, volume in volumes.items()]
    others = [s for s in images if s != reference]
    if not others:
        return checks
    pyramids = dict(zip(images, _in_parallel(pyramid, images.values(), workers), strict=True))
    fixed = pyramids[reference]
    with ThreadPoolExecutor(workers) as pool:
        mirrored = pool.submit(midsagittal_reflection, fixed, brain, region)
        found = list(pool.map(lambda s: probe(fixed, pyramids[s], region), others))
        partner = mirrored.result()
        scores = pool.map(
            lambda s, probed: side_score(fixed, pyramids[s], probed.transform, partner, brain, region), others, found
        )
        checks += [agreement_check(s, probed.moved_mm) for s, probed in zip(others, found, strict=True)]
        checks += [mirror_check(s, score) for s, score in zip(others, scores, strict=True)]
    return checks


def _in_parallel(work: Callable[[T], R], items: Iterable[T], workers: int) -> list[R]:
    """Results in the order of the items. Torch, scipy and SimpleITK release Python's lock while they compute."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, items))


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Registration's tensors are small: with two threads each waited for the other (18 s against 3 s a pair)."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
