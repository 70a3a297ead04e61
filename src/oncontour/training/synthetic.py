"""Synthetic cases of a recipe, prepared like a data set's: made once, side by side, resumed where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from oncontour.augment.brain_mask import random_brain_mask
from oncontour.core.box import bounding_box
from oncontour.core.errors import InputError
from oncontour.core.grid import Grid
from oncontour.core.labels import BRAIN, SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import Dataset, DatasetCase, ImageFile
from oncontour.data.locks import locked
from oncontour.data.phantom.anatomy import Anatomy, load_folder
from oncontour.data.phantom.case import PhantomCase, Spec, make_case
from oncontour.data.phantom.kinds import KINDS, Kind, kind_named
from oncontour.data.phantom.mni import load_mni
from oncontour.data.phantom.relabel import in_scheme
from oncontour.plans.plan import Plan, SyntheticPlan
from oncontour.preprocess.head import scale_head
from oncontour.preprocess.normalise import normalise
from oncontour.training.prepare import Preparation, check_settings, preparation
from oncontour.training.prepared import PreparedCase, digest, write_prepared
from oncontour.training.workers import Progress, in_processes


@cache
def _anatomies(folder: Path | None) -> tuple[Anatomy, list[Anatomy]]:
    return load_mni(), load_folder(folder) if folder else []


@dataclass(frozen=True)
class _Recipe:
    """What a plan says of its synthetic cases, checked.

    Args:
        synthetic: the plan's part.
        kinds: of patients, labelled by the plan's scheme.
        shares: how often each is drawn; they sum to 1.
        sequences: that are simulated; None: those of the kind.
        spacing_mm: of the isotropic grid.
    """

    synthetic: SyntheticPlan
    kinds: tuple[Kind, ...]
    shares: tuple[float, ...]
    sequences: tuple[Sequence, ...] | None
    spacing_mm: float

    def kind_of(self, seed: int) -> Kind:
        """The kind of patients of one case, by a stream of its own."""
        return self.kinds[np.random.default_rng((seed, 2)).choice(len(self.kinds), p=self.shares)]


def _recipe(plan: Plan) -> _Recipe:
    """The plan's recipe of synthetic cases.

    Raises:
        InputError: no synthetic part, a scheme that no kind has, an unknown kind, or voxels that are no cubes.
    """
    synthetic, spacing = plan.synthetic, plan.spacing
    if synthetic is None:
        raise InputError("plan", "no synthetic part", "a data set, or phantom cases", "Give the data set's folder.")
    if len(set(spacing)) > 1:
        raise InputError("plan: spacing_mm", str(spacing), "one number", "Synthetic cases have cubic voxels.")
    own = [kind.name for kind in KINDS.values() if kind.scheme.name == plan.scheme]
    shares = synthetic.kinds or {(own or ["adult"])[0]: 1.0}
    kinds = tuple(kind_named(name) for name in shares)
    if plan.scheme != BRAIN.name:
        if plan.scheme not in SCHEMES:
            expected = f"one of {', '.join(SCHEMES)}"
            raise InputError("plan: scheme", repr(plan.scheme), expected, "Synthetic cases have these schemes alone.")
        kinds = tuple(in_scheme(kind, SCHEMES[plan.scheme]) for kind in kinds)
    total = sum(shares.values())
    return _Recipe(
        synthetic, kinds, tuple(share / total for share in shares.values()), plan.channels or None, spacing[0]
    )


def make_training_case(plan: Plan, folder: Path, anatomies: Path | None, number: int) -> PreparedCase:
    """Make case `number` of a plan's training set, unless it is there.

    Args:
        folder: of all cases.
        anatomies: folder of label maps; None: the MNI152 brain alone.
    """
    recipe = _recipe(plan)
    synthetic = recipe.synthetic
    there = PreparedCase(folder / f"{number:05d}")
    if (there.folder / "case.json").exists():
        return there
    seed = synthetic.seed + number
    rng = np.random.default_rng((seed, 1))  # a stream of its own, beside the case's
    mni, others = _anatomies(anatomies)
    from_mni = not others or rng.random() < synthetic.mni_share
    anatomy = mni if from_mni else others[int(rng.integers(len(others)))]
    tumour, loose = rng.random() >= synthetic.healthy, rng.random() < synthetic.loose_mask
    kind = recipe.kind_of(seed)
    spec = Spec(
        recipe.spacing_mm,
        skull=synthetic.skull or loose,
        tumour=tumour,
        kind=kind,
        sequences=recipe.sequences,
        without=synthetic.without,
    )
    case = make_case(anatomy, seed, spec)
    if synthetic.skull:
        return _write_head(there.folder, case, plan)
    return _write_brain(there.folder, case, plan, rng if loose else None, recipe.spacing_mm)


def _write_head(folder: Path, case: PhantomCase, plan: Plan) -> PreparedCase:
    """A whole head, every sequence of it scaled, and the brain as what is sought."""
    images = np.stack([scale_head(image) for image in case.images.values()])
    brain = Volume(case.brain.astype(np.uint8), case.affine)
    facts = _facts(folder, [str(sequence) for sequence in case.images])
    return write_prepared(folder, images, [brain], brain.grid, np.ones(case.brain.shape, bool), plan, facts)


def _write_brain(
    folder: Path, case: PhantomCase, plan: Plan, loose: np.random.Generator | None, spacing_mm: float
) -> PreparedCase:
    """A stripped brain, cropped to its mask; the mask is imperfect where a generator is given to draw it."""
    mask = case.brain if loose is None else random_brain_mask(loose, case.brain, spacing_mm)
    box = bounding_box(mask)
    assert box is not None, "an anatomy has a brain"
    affine = case.affine.copy()
    affine[:3, 3] = Grid((1, 1, 1), case.affine).to_world([side.start for side in box])
    mask, labels = mask[box], Volume(case.labels[box] * mask[box], affine)
    images = np.zeros((len(plan.channels), *mask.shape), np.float32)
    for channel, sequence in enumerate(plan.channels):
        if sequence in case.images:
            image = Volume(case.images[sequence][box], affine)
            images[channel] = normalise(image, mask, plan.normalisation, folder.name).volume.array
    facts = _facts(folder, [str(sequence) for sequence in plan.channels])
    return write_prepared(folder, images, [labels], labels.grid, mask, plan, facts)


def _facts(folder: Path, channels: list[str]) -> dict[str, object]:
    return {"patient": folder.name, "channels": channels, "digest": digest(folder.name)}


@dataclass(frozen=True)
class _SyntheticCase:
    """`make_training_case` with all but the number, for another process."""

    plan: Plan
    folder: Path
    anatomies: Path | None

    def __call__(self, number: int) -> PreparedCase:
        return make_training_case(self.plan, self.folder, self.anatomies, number)


def make_training_set(
    plan: Plan,
    folder: Path,
    anatomies: Path | None = None,
    workers: int = 1,
    progress: Progress = lambda done, total: None,
) -> Preparation:
    """Make all cases of a plan's training set; those already there are kept. Who wants the same folder waits.

    Args:
        folder: where they go.
        anatomies: folder of label maps; None: the MNI152 brain alone.
        workers: processes.
        progress: called with the number of cases done, and of all.

    Raises:
        InputError: the plan's scheme or spacing cannot be made, or a case failed.
    """
    count = _recipe(plan).synthetic.cases
    with locked(folder):
        check_settings(plan, folder)
        made, failed = in_processes(_SyntheticCase(plan, folder, anatomies), range(count), workers, progress)
        return preparation(made, failed, folder, skip_bad=False)


def as_dataset(plan: Plan, cases: tuple[PreparedCase, ...], folder: Path) -> Dataset:
    """The made cases as a data set, each of a patient of its own, so that folds can be drawn."""
    listed = tuple(DatasetCase(one.name, one.patient, {}, ImageFile(one.folder / "regions.npy")) for one in cases)
    return Dataset("synthetic", plan.scheme, listed, folder)
