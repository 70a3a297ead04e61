"""One synthetic case: an anatomy, deformed; a tumour, grown; the sequences, simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import FLUID, GREY_MATTER, WHITE_MATTER, Anatomy, Tissue, among
from oncontour.data.phantom.artefacts import echo_planar, failed_fits, gain, noise, resampled
from oncontour.data.phantom.contrast import Contrast, draw_contrasts, draw_parts
from oncontour.data.phantom.decoys import Decoys, draw_decoys
from oncontour.data.phantom.deform import Deformation, Push, draw_deformation
from oncontour.data.phantom.fields import Array, Box, draw_field, smooth_field
from oncontour.data.phantom.kinds import KINDS, Kind, label_values
from oncontour.data.phantom.lesion import (
    INSIDE_MM,
    Focus,
    Part,
    Parts,
    Rates,
    Surroundings,
    Textures,
    bounds,
    draw_foci,
    grow,
    seed_tumour,
)
from oncontour.data.phantom.scanners import ANY_SCANNER, Scanners
from oncontour.data.phantom.separable import apply, blur, blur_matrix
from oncontour.data.phantom.surgery import draw_approach, draw_flap, open_skull, resect
from oncontour.data.phantom.threads import in_threads, plain_algebra

ADC_UNIT = 3000.0
"""10^-6 mm2/s of brightness 1 on an ADC map: free water is near 3000."""

COARSE_MM = 3.0
"""Places for tumours are chosen on a grid this coarse."""

INFRATENTORIAL = (Tissue.CEREBELLAR_WHITE, Tissue.CEREBELLAR_GREY, Tissue.BRAINSTEM)


@dataclass(frozen=True)
class Spec:
    """What to make.

    Args:
        spacing_mm: of the isotropic grid.
        skull: whole head, or the brain alone as after skull stripping.
        tumour: whether to grow one.
        kind: of patient.
        sequences: which to simulate; None: those of the kind.
        clean: without thick slices, misregistration and noise, for who adds them later.
        scanners: how much contrasts differ between cases.
    """

    spacing_mm: float = 1.0
    skull: bool = False
    tumour: bool = True
    kind: Kind = field(default_factory=lambda: KINDS["adult"])
    sequences: tuple[Sequence, ...] | None = None
    clean: bool = False
    scanners: Scanners = ANY_SCANNER


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


@dataclass(frozen=True, eq=False)
class _Tumour:
    """A grown tumour: parts and textures on its box."""

    box: Box
    parts: Parts
    textures: Textures
    means: Mapping[Part, Mapping[Sequence, float]]


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
    rates, spacing = spec.kind.rates, spec.spacing_mm
    streams = [np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4 + len(Sequence))]
    shape_rng, lesion_rng, contrast_rng, decoy_rng, *image_rngs = streams
    deformation = draw_deformation(shape_rng, anatomy, spacing, spec.skull, spec.kind.scales)
    foci: tuple[Focus, ...] = ()
    if spec.tumour:
        foci = _place(lesion_rng, deformation, anatomy, rates)
        strength = lesion_rng.uniform(0, 0.25)
        deformation = deformation.with_push(Push(foci[0].centre, foci[0].radius_mm, strength))
    tissues, depth = deformation.sample(anatomy, threads)
    parts = np.zeros(deformation.shape, np.uint8)
    contrasts = draw_contrasts(contrast_rng, sequences, spec.scanners)
    means = draw_parts(contrast_rng, contrasts, spec.scanners, faint=bool(contrast_rng.random() < rates.faint))
    values = label_values(spec.kind, means, contrasts)
    tumour = None
    if foci:
        box, grown, textures = _grow(lesion_rng, foci, tissues, depth, rates, spec)
        parts[box] = grown
        means = {part: {s: contrasts[s].white + mean for s, mean in row.items()} for part, row in means.items()}
        tumour = _Tumour(box, grown, textures, means)
    decoys = _decoys(decoy_rng, sequences, tissues, depth, spacing)

    def simulate(sequence: Sequence) -> Array:
        rng = image_rngs[list(Sequence).index(sequence)]
        return _simulate(rng, sequence, contrasts[sequence], tissues, depth, tumour, decoys, spec)

    images = in_threads(simulate, sequences, threads)
    affine = deformation.affine
    return PhantomCase(images, parts, values, depth > 0, affine, foci, deformation.mirrored, spec.kind)


def _place(rng: np.random.Generator, deformation: Deformation, anatomy: Anatomy, rates: Rates) -> tuple[Focus, ...]:
    """Choose where a tumour's foci start: mostly in white matter, not near the surface."""
    step = max(1, round(COARSE_MM / deformation.spacing_mm))
    tissues, depth = deformation.sample_coarsely(anatomy, step)
    place = (among(tissues, WHITE_MATTER) + 0.2) * (depth > INSIDE_MM)
    if rates.infratentorial is not None:
        below = among(tissues, INFRATENTORIAL)
        for where, share in ((below, rates.infratentorial), (~below, 1 - rates.infratentorial)):
            place[where] *= share / max(place[where].sum(), 1e-9)
    cumulative = np.cumsum(place.ravel())

    def start() -> NDArray[np.float64]:
        flat = min(int(np.searchsorted(cumulative, rng.random() * cumulative[-1])), place.size - 1)
        index = np.array(np.unravel_index(flat, place.shape)) * step + rng.integers(0, step, 3)
        return np.minimum(index, np.array(deformation.shape) - 1).astype(float)

    return draw_foci(rng, start, rates)


def _grow(
    rng: np.random.Generator,
    foci: tuple[Focus, ...],
    tissues: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    rates: Rates,
    spec: Spec,
) -> tuple[Box, Parts, Textures]:
    """Grow the tumour, operate where due (which may cut the skull in `tissues`)."""
    shape = (tissues.shape[0], tissues.shape[1], tissues.shape[2])
    seeded = seed_tumour(rng, foci, shape, spec.spacing_mm)
    box = seeded.box
    textures = Textures(*(draw_field(rng, shape, waves).on(box) for waves in (10, 18, 34)))
    soft = [_soft(tissues[box], members, spec.spacing_mm) for members in (WHITE_MATTER, GREY_MATTER, FLUID)]
    around = Surroundings(depth[box] > 0, *soft)
    parts = grow(rng, seeded, around, textures, rates)
    if rng.random() < rates.resected:
        approach = draw_approach(rng, seeded, depth)
        resect(rng, parts, seeded, around, textures, approach, rates)
        if spec.skull and rng.random() < rates.flap:
            open_skull(tissues, draw_flap(rng, approach, shape, spec.spacing_mm))
    return box, parts, textures


def _soft(tissues: NDArray[np.uint8], members: tuple[Tissue, ...], spacing: float) -> Array:
    return blur(among(tissues, members).astype(np.float32), 1.2 / spacing)


def _decoys(
    rng: np.random.Generator,
    sequences: tuple[Sequence, ...],
    tissues: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    spacing: float,
) -> Decoys:
    box = bounds(depth > 0, 1)
    assert box is not None, "an anatomy has a brain"
    white, fluid = (_soft(tissues[box], members, spacing) for members in (WHITE_MATTER, FLUID))
    return draw_decoys(rng, sequences, box, depth[box], white, fluid, spacing)


def _simulate(
    rng: np.random.Generator,
    sequence: Sequence,
    contrast: Contrast,
    tissues: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    tumour: _Tumour | None,
    decoys: Decoys,
    spec: Spec,
) -> Array:
    """The image of one sequence."""
    spacing = spec.spacing_mm
    image = _healthy(rng, tissues, contrast, spacing)
    box = decoys.box
    image[box] += np.float32(rng.uniform(0, 0.05)) * smooth_field(rng, depth[box].shape, 8) * (depth[box] > 0)
    decoys.draw_into(image, sequence)
    if tumour is not None:
        _paint(rng, image[tumour.box], tumour, sequence, spacing)
    if sequence is Sequence.ADC:
        np.clip(image, 0, None, out=image)
        if not spec.clean:
            image = echo_planar(rng, image, spacing)
    else:
        image = gain(rng, image, spec.scanners)
    if not spec.clean:
        image = noise(rng, resampled(rng, image, spacing, spec.scanners))
    if sequence is Sequence.ADC:
        image = failed_fits(rng, image, _fluid_parts(tumour, image.shape)) * np.float32(ADC_UNIT)
    return image if spec.skull else image * (depth > 0)


def _fluid_parts(tumour: _Tumour | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    if tumour is not None:
        mask[tumour.box] = tumour.parts >= Part.NECROSIS
    return mask


def _healthy(rng: np.random.Generator, tissues: NDArray[np.uint8], contrast: Contrast, spacing: float) -> Array:
    """The healthy head on one sequence: means, texture at two scales, partial volume."""
    image = smooth_field(rng, tissues.shape, 34, 0.8)
    image += np.float32(0.6) * rng.standard_normal(tissues.shape, np.float32)
    image *= contrast.deviations[tissues]
    image += contrast.means[tissues]
    deviation = rng.uniform(0.35, 0.75) * max(1.0, 1.4 / spacing)
    return apply(image, [blur_matrix(size, deviation) for size in image.shape])


_PAINTED = (
    Part.EDEMA, Part.INFILTRATION, Part.SOLID, Part.NECROSIS, Part.CYST, Part.ENHANCING,
    Part.CAVITY, Part.BLOOD, Part.GAS,
)  # fmt: skip
"""The order in which parts are drawn, each over those before it."""

_DIFFUSE = (Part.EDEMA, Part.INFILTRATION)
"""Parts through which the anatomy shows."""

_FLUID_PARTS = (Part.CYST, Part.CAVITY, Part.GAS)
"""Parts with little texture."""


def _paint(rng: np.random.Generator, image: Array, tumour: _Tumour, sequence: Sequence, spacing: float) -> None:
    """Draw the tumour into the image of its box, in place; anatomy shows through oedema, hardly through the core."""
    uniform = rng.uniform
    for part in _PAINTED:
        mask = tumour.parts == part
        box = bounds(mask, int(np.ceil(6 / spacing)))
        if box is None:
            continue
        diffuse = part in _DIFFUSE
        alpha = blur(mask[box].astype(np.float32), uniform(0.6, 2.4 if diffuse else 1.6) / spacing)
        textures = tumour.textures
        texture = uniform(0, 0.14) * textures.coarse[box] + uniform(0, 0.12) * textures.middle[box]
        texture += uniform(0, 0.1) * textures.fine[box]
        texture *= 0.5 if diffuse else 0.25 if part in _FLUID_PARTS else 1.0
        keep = uniform(0.1, 0.6) if diffuse else uniform(0, 0.3)
        inside = image[box]
        seen = texture + np.float32(tumour.means[part][sequence])
        seen += np.float32(keep) * (inside - inside[mask[box]].mean())
        image[box] = inside + alpha * (seen - inside)
