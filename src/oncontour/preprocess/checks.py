"""Look at what preprocessing made, and put a number and a verdict on each doubt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.checks import Check, Verdict
from oncontour.core.grid import Grid
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.box import box_faces
from oncontour.preprocess.pyramid import Level
from oncontour.preprocess.register import Registration, refine
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import displacement_mm, rigid

AGREEMENT_OK_MM = 0.5
"""Sequences that agree this well at the brain's box are registered (semantics: geometry and volume)."""

AGREEMENT_WARN_MM = 2.0
"""Beyond two voxels of the working grid, a small lesion is somewhere else in the other sequence."""

PROBE_DEG, PROBE_MM = 1.5, 1.5
"""The re-estimate starts this far away, so that an optimum that holds only by its neighbourhood is not found again."""

PROBE_SEED = 5
"""Other samples than the registration's."""

ADULT_ML = (700.0, 2200.0)
"""Brain volume without doubt: adults have about 900 to 1700 mL with sulcal CSF, and masks differ at the edge."""

PAEDIATRIC_ML = 300.0
"""A term newborn has about 350 mL, a child 700 mL at six months (Knickmeyer 2008, J Neurosci 28:12176): between this
and the adult's bound the mask may be a young child's, or part of a brain, so the verdict is a warning."""

ONE_PIECE_SHARE = 0.99
"""Share of the mask in its largest component."""

CUT_OK, CUT_WARN = 0.02, 0.10
"""Share of the mask's voxels on the outer faces of the image: a brain that the field of view cuts off."""

COVERAGE_OK, COVERAGE_WARN = 0.99, 0.90
"""Share of the brain inside a sequence's field of view."""

THIN_MM, THICK_MM = 3.0, 8.0
"""Slices up to 3 mm resolve most lesions; beyond 8 mm a whole lesion can hide between two centres."""


def probe(reference: tuple[Level, ...], image: tuple[Level, ...], region: Volume) -> Registration:
    """Register two images of one world again, briefly, from a displaced start and on other samples.

    Args:
        reference, image: `register.pyramid` of both.
        region: bool mask that the images are compared on, the brain and its surroundings.

    Returns:
        What was found; `moved_mm` says how far it lies from identity at the region's bounding box.
    """
    faces = box_faces(region)
    start = rigid(np.radians((PROBE_DEG, -PROBE_DEG, PROBE_DEG)), (PROBE_MM, PROBE_MM, -PROBE_MM), faces.mean(axis=0))
    found = refine(reference, image, start, region, PROBE_SEED)
    return replace(found, moved_mm=displacement_mm(found.transform, np.eye(4), faces))


def agreement_check(sequence: Sequence, away_mm: float) -> Check:
    """The verdict on how far a sequence lies from the reference (`probe`) at the brain's bounding box."""
    return Check(
        f"registration agreement {sequence}",
        _at_most(away_mm, AGREEMENT_OK_MM, AGREEMENT_WARN_MM),
        round(away_mm, 3),
        "mm",
        f"at most {AGREEMENT_OK_MM:g} mm (warning up to {AGREEMENT_WARN_MM:g} mm)",
        f"{sequence} lies {away_mm:.2f} mm from the reference at the brain's bounding box.",
    )


def brain_checks(brain: Volume, image: Grid) -> list[Check]:
    """Whether a brain mask can be a brain: volume, pieces, and whether the field of view cuts it.

    Args:
        brain: bool mask.
        image: the native grid of the reference, which may end inside the brain.
    """
    import cc3d

    ml = float(brain.array.sum()) * brain.grid.voxel_volume_mm3 / 1000.0
    low, high = ADULT_ML
    volume: Verdict = "ok" if low <= ml <= high else "warn" if PAEDIATRIC_ML <= ml < low else "fail"
    reading = {
        "ok": "is plausible",
        "warn": "fits a young child, or an incomplete mask",
        "fail": "is not a brain's",
    }[volume]
    limit = f"{low:g} to {high:g} mL (warning from {PAEDIATRIC_ML:g} mL: young children)"
    checks = [
        Check("brain volume", volume, round(ml, 1), "mL", limit, f"The brain mask's volume, {ml:.0f} mL, {reading}.")
    ]
    labels = cc3d.connected_components(np.ascontiguousarray(brain.array), connectivity=26)
    sizes = np.bincount(labels.ravel())[1:]
    share = float(sizes.max() / sizes.sum()) if sizes.size else 0.0
    checks.append(
        Check(
            "brain in one piece",
            "ok" if share >= ONE_PIECE_SHARE else "warn",
            round(share, 4),
            "",
            f"at least {ONE_PIECE_SHARE:g} in the largest component",
            f"{share:.1%} of the brain mask is one piece.",
        )
    )
    cut = 1.0 - _share_inside(brain, image, margin=1.0)
    checks.append(
        Check(
            "brain inside the image",
            _at_most(cut, CUT_OK, CUT_WARN),
            round(cut, 4),
            "",
            f"at most {CUT_OK:g} of the mask on the image's border (warning up to {CUT_WARN:g})",
            f"{cut:.1%} of the brain mask lies on the border of the reference image.",
        )
    )
    return checks


def coverage_check(sequence: Sequence, share: float) -> Check:
    """The verdict on the share of the brain inside a sequence's field of view."""
    limit = f"at least {COVERAGE_OK:g} (warning from {COVERAGE_WARN:g})"
    verdict: Verdict = "ok" if share >= COVERAGE_OK else "warn" if share >= COVERAGE_WARN else "fail"
    message = f"{share:.1%} of the brain lies in the field of view of {sequence}."
    return Check(f"coverage {sequence}", verdict, round(share, 4), "", limit, message)


def spacing_check(sequence: Sequence, grid: Grid) -> Check:
    """The verdict on a native grid's largest spacing."""
    largest = max(grid.spacing)
    shown = " x ".join(f"{value:.2f}" for value in grid.spacing)
    limit = f"at most {THIN_MM:g} mm (warning up to {THICK_MM:g} mm)"
    message = f"{sequence} was acquired with voxels of {shown} mm."
    return Check(f"spacing {sequence}", _at_most(largest, THIN_MM, THICK_MM), round(largest, 3), "mm", limit, message)


def field_of_view(source: Grid, grid: Grid, transform: NDArray[np.float64] | None = None) -> NDArray[np.bool_]:
    """(i, j, k) of `grid`: which voxels a source image shows (its outermost voxel centres plus half a voxel)."""
    ones = Volume(np.ones(source.shape, dtype=np.bool_), source.affine)
    return resample(ones, grid, transform, order=0).array


def _share_inside(brain: Volume, image: Grid, margin: float) -> float:
    """Share of the mask's voxels at least `margin` voxels inside the image's outermost centres."""
    index = image.to_index(brain.grid.to_world(np.argwhere(brain.array)[::7]))
    last = np.array(image.shape) - 1
    inside = (index >= margin - 0.5) & (index <= last - margin + 0.5)
    return float(inside.all(axis=1).mean()) if len(index) else 0.0


def _at_most(value: float, ok: float, warn: float) -> Verdict:
    return "ok" if value <= ok else "warn" if value <= warn else "fail"
