"""One synthetic case: an anatomy, deformed; a tumour, grown; the sequences, simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import FLUID, WHITE_MATTER, Anatomy
from oncontour.data.phantom.contrast import Brightness, draw_contrasts, draw_parts
from oncontour.data.phantom.decoys import draw_decoys
from oncontour.data.phantom.deform import draw_deformation
from oncontour.data.phantom.fields import Array
from oncontour.data.phantom.folia import draw_folia
from oncontour.data.phantom.haemorrhage import BloodAge
from oncontour.data.phantom.image import Scene, simulate
from oncontour.data.phantom.ingredients import Ingredient, Ingredients
from oncontour.data.phantom.kinds import KINDS, Kind, label_values
from oncontour.data.phantom.lesion import Focus, Parts, bounds
from oncontour.data.phantom.physics import draw_physical
from oncontour.data.phantom.scanners import ANY_SCANNER, Scanners
from oncontour.data.phantom.threads import in_threads, plain_algebra
from oncontour.data.phantom.tumour import Tumour, grow_tumour, plan_tumour, soft_membership


@dataclass(frozen=True)
class Spec:
    """What to make.

    Args:
        spacing_mm: of the isotropic grid.
        skull: whole head, or the brain alone as after skull stripping.
        tumour: whether to grow one.
        kind: of patient.
        sequences: which to simulate; None: those of the kind.
        clean: without thick slices, misregistration, motion, ringing and noise, for who adds some of them later.
        scanners: how much contrasts differ between cases.
        without: ingredients that no case has.
    """

    spacing_mm: float = 1.0
    skull: bool = False
    tumour: bool = True
    kind: Kind = field(default_factory=lambda: KINDS["adult"])
    sequences: tuple[Sequence, ...] | None = None
    clean: bool = False
    scanners: Scanners = ANY_SCANNER
    without: tuple[Ingredient, ...] = ()


@dataclass(frozen=True, eq=False)
class PhantomCase:
    """A synthetic case.

    Args:
        images: float32 (i, j, k) by sequence, not negative; ADC in 10^-6 mm2/s, others in arbitrary units near 0 to 1.
        parts: uint8 `Part` values (i, j, k).
        values: label value, in the kind's scheme, of each `Part`.
        brain: bool (i, j, k).
        affine: (4, 4), voxel index -> RAS+ mm.
        foci: of the tumour, first the main one; radius in mm.
        mirrored: whether the anatomy's left and right were exchanged.
        kind: of patient.
    """

    images: Mapping[Sequence, Array]
    parts: Parts
    values: NDArray[np.uint8]
    brain: NDArray[np.bool_]
    affine: NDArray[np.float64]
    foci: tuple[Focus, ...]
    mirrored: bool
    kind: Kind

    @property
    def labels(self) -> NDArray[np.uint8]:
        """Label map (i, j, k) of the kind's scheme."""
        return self.values[self.parts]


def make_case(anatomy: Anatomy, seed: int, spec: Spec, threads: int = 1) -> PhantomCase:
    """Make one case. The same anatomy, seed and spec give the same voxels, whatever the number of threads.

    Args:
        anatomy: a healthy head.
        seed: of everything random.
        spec: what to make.
        threads: how many to work with, one a sequence.

    Returns:
        A case in an RAS grid centred on the world's origin.
    """
    with plain_algebra():
        return _make_case(anatomy, seed, spec, threads)


def _make_case(anatomy: Anatomy, seed: int, spec: Spec, threads: int) -> PhantomCase:
    sequences = spec.kind.sequences if spec.sequences is None else spec.sequences
    rates, spacing, having = spec.kind.rates, spec.spacing_mm, Ingredients(seed, spec.without)
    streams = [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4 + len(Sequence))]
    shape_rng, lesion_rng, contrast_rng, decoy_rng, *image_rngs = streams
    deformation = draw_deformation(shape_rng, anatomy, spacing, spec.skull, spec.kind.scales)
    plan = None
    if spec.tumour:
        plan, deformation = plan_tumour(lesion_rng, having, deformation, anatomy, rates)
    tissues, depth = deformation.sample(anatomy, threads)
    parts = np.zeros(deformation.shape, np.uint8)
    weak = plan is not None and plan.habit.weakly_enhancing
    brightness = _brightness(contrast_rng, having, sequences, spec.scanners, weak)
    tumour = None
    if plan is not None:
        brightness = brightness.faded(plan.contrast)
        grown = grow_tumour(lesion_rng, having, plan, deformation, tissues, depth, rates, spec.skull)
        tumour = Tumour(*grown, brightness.of_parts())
        parts[tumour.box] = tumour.parts
    box = bounds(depth > 0, 1)
    assert box is not None, "an anatomy has a brain"
    white, fluid = (soft_membership(tissues[box], members, spacing) for members in (WHITE_MATTER, FLUID))
    decoys = draw_decoys(decoy_rng, sequences, box, depth[box], white, fluid, spacing, brightness.vascular)
    folds = having.drawn(Ingredient.FOLIA, 1.0)
    folia = draw_folia(folds, tissues, depth, box, white, fluid, spacing, spec.scanners) if folds else None
    scene = Scene(tissues, depth, folia, decoys, tumour, spacing)

    def image_of(sequence: Sequence) -> Array:
        rng = image_rngs[list(Sequence).index(sequence)]
        image = simulate(rng, having, sequence, brightness.contrasts[sequence], scene, spec.scanners, spec.clean)
        return image if spec.skull else image * (depth > 0)

    images = in_threads(image_of, sequences, threads)
    values = label_values(spec.kind, brightness.parts, brightness.contrasts)
    foci = plan.foci if plan else ()
    return PhantomCase(images, parts, values, depth > 0, deformation.affine, foci, deformation.mirrored, spec.kind)


def _brightness(
    rng: np.random.Generator, having: Ingredients, sequences: tuple[Sequence, ...], scanners: Scanners, weak: bool
) -> Brightness:
    """How bright everything is: sequence by sequence, or by physics."""
    age = BloodAge(int(rng.integers(len(BloodAge))))
    contrasts = draw_contrasts(rng, sequences, scanners)
    drawn = Brightness(contrasts, draw_parts(rng, contrasts, scanners, weak, age))
    physics = having.drawn(Ingredient.PHYSICS, scanners.physics)
    return draw_physical(physics, drawn, scanners, age, weak) if physics else drawn
