"""One synthetic case: an anatomy, deformed; a tumour, grown; the sequences, simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import FLUID, GREY_MATTER, WHITE_MATTER, Anatomy, Tissue
from oncontour.data.phantom.artefacts import degrade
from oncontour.data.phantom.contrast import Contrast, draw_contrasts, draw_parts
from oncontour.data.phantom.decoys import add_decoys
from oncontour.data.phantom.fields import smooth_field
from oncontour.data.phantom.lesion import (
    ADULT,
    Part,
    Rates,
    Surroundings,
    Textures,
    grow,
    seed_tumour,
)

Array = NDArray[np.float32]

STANDARD_SEQUENCES = (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)

BRATS_LABELS = np.zeros(len(Part), np.uint8)
BRATS_LABELS[[Part.EDEMA, Part.SOLID, Part.NECROSIS, Part.ENHANCING]] = (2, 1, 1, 3)
"""`Part` -> label of the scheme "brats": non-enhancing tumour and necrosis are one label there."""


@dataclass(frozen=True)
class Spec:
    """What to make.

    Args:
        spacing_mm: of the isotropic grid.
        skull: whole head, or the brain alone as after skull stripping.
        tumour: whether to grow one.
        rates: how often a tumour has which part.
        sequences: which to simulate.
    """

    spacing_mm: float = 1.0
    skull: bool = False
    tumour: bool = True
    rates: Rates = ADULT
    sequences: tuple[Sequence, ...] = STANDARD_SEQUENCES


@dataclass(frozen=True, eq=False)
class PhantomCase:
    """A synthetic case.

    Args:
        images: float32 (i, j, k) by sequence, not negative.
        parts: uint8 `Part` values (i, j, k).
        brain: bool (i, j, k).
        affine: (4, 4), voxel index -> RAS+ mm.
    """

    images: Mapping[Sequence, Array]
    parts: NDArray[np.uint8]
    brain: NDArray[np.bool_]
    affine: NDArray[np.float64]

    @property
    def labels(self) -> NDArray[np.uint8]:
        """Label map of the scheme "brats"."""
        return BRATS_LABELS[self.parts]


def _rotation(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotation about the three axes in turn; angles in radians."""
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn[[a, b], [a, b]] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    return matrix


@dataclass(frozen=True, eq=False)
class _Frame:
    """The new grid and where each of its voxels comes from in the anatomy's (1 mm) voxels."""

    shape: tuple[int, int, int]
    spacing: float
    indices: tuple[Array, ...]
    source: list[Array]


MARGIN_MM = 10.0
"""Room around the anatomy for its rotation, scaling and deformation."""


def _deform(rng: np.random.Generator, anatomy: Anatomy, spec: Spec) -> _Frame:
    """Draw a rotation (about 6 degrees), a scaling (0.88 to 1.12 an axis) and a smooth deformation of a few mm."""
    region = anatomy.tissues > 0 if spec.skull else anatomy.brain
    box = ndimage.find_objects(region.astype(np.uint8))[0]
    centre = np.array([(part.start + part.stop - 1) / 2 for part in box])
    extent = np.array([part.stop - part.start for part in box])
    scale = rng.uniform(0.88, 1.12, 3)
    sizes = np.ceil((extent * scale + 2 * MARGIN_MM) / spec.spacing_mm).astype(int)
    shape = (int(sizes[0]), int(sizes[1]), int(sizes[2]))
    matrix = _rotation(np.deg2rad(rng.normal(0, 6, 3))) / scale * spec.spacing_mm
    indices = tuple(np.ogrid[tuple(slice(0, n) for n in shape)])
    indices = tuple(index.astype(np.float32) for index in indices)
    middle = (np.array(shape) - 1) / 2
    source = []
    for row, origin in zip(matrix.astype(np.float32), centre, strict=True):
        place = sum(row[n] * (indices[n] - np.float32(middle[n])) for n in range(3)) + np.float32(origin)
        place += smooth_field(rng, shape, 5, 3.5)
        place += smooth_field(rng, shape, 12, 1.0)
        source.append(place)
    return _Frame(shape, spec.spacing_mm, indices, source)


def _sample(values: NDArray, source: list[Array]) -> NDArray:
    """Nearest value at fractional voxel positions; 0 outside."""
    padded = np.pad(values, 1)
    flat = np.zeros(source[0].shape, np.int32)
    for place, size in zip(source, padded.shape, strict=True):
        flat *= size
        flat += np.clip(np.rint(place).astype(np.int32) + 1, 0, size - 1)
    return padded.ravel()[flat]


def _push(frame: _Frame, centre: NDArray[np.float64], radius_mm: float, strength: float) -> Array:
    """Let the tumour press its neighbourhood outwards (mass effect), in place; returns the distance from it in mm."""
    offsets = [frame.indices[n] - np.float32(centre[n]) for n in range(3)]
    distance = np.sqrt(offsets[0] ** 2 + offsets[1] ** 2 + offsets[2] ** 2) * np.float32(frame.spacing) + 1e-3
    push = np.float32(strength * radius_mm) * np.exp(-((distance / (2 * radius_mm)) ** 2)) / distance
    for n in range(3):
        frame.source[n] -= offsets[n] * np.float32(frame.spacing) * push
    return distance


def _soft(tissues: NDArray[np.uint8], members: tuple[Tissue, ...], spacing: float) -> Array:
    return ndimage.gaussian_filter(np.isin(tissues, members).astype(np.float32), 1.2 / spacing, truncate=3)


def _distance(mask: NDArray[np.bool_], spacing: float) -> Array:
    import edt

    return edt.edt(mask, anisotropy=(spacing,) * 3, black_border=True, parallel=1)


def _healthy(
    rng: np.random.Generator, tissues: NDArray[np.uint8], contrast: Contrast, brain: NDArray[np.bool_], spacing: float
) -> Array:
    """The image of the healthy head on one sequence: means, texture at two scales, partial volume."""
    shape = brain.shape
    texture = 0.6 * rng.standard_normal(shape, np.float32) + 0.8 * smooth_field(rng, shape, 34)
    image = contrast.means[tissues] + contrast.deviations[tissues] * texture
    image = ndimage.gaussian_filter(image, rng.uniform(0.35, 0.75) * max(1.0, 1.4 / spacing), truncate=3)
    return image + (rng.uniform(0, 0.05) * smooth_field(rng, shape, 8)) * brain


def _paint(
    rng: np.random.Generator,
    image: Array,
    parts: NDArray[np.uint8],
    means: Mapping[Part, float],
    textures: Textures,
    spacing: float,
) -> None:
    """Draw the tumour into one image, in place, inside out: oedema lets the anatomy show through, the core hardly."""
    for part in (Part.EDEMA, Part.SOLID, Part.NECROSIS, Part.ENHANCING):
        mask = parts == part
        if not mask.any():
            continue
        edema = part is Part.EDEMA
        margin = int(np.ceil(6 / spacing))
        box = ndimage.find_objects(mask.astype(np.uint8))[0]
        box = tuple(slice(max(0, side.start - margin), side.stop + margin) for side in box)
        blur = rng.uniform(0.6, 2.4 if edema else 1.6) / spacing
        alpha = ndimage.gaussian_filter(mask[box].astype(np.float32), blur, truncate=3)
        texture = rng.uniform(0, 0.14) * textures.coarse[box] + rng.uniform(0, 0.12) * textures.middle[box]
        texture += rng.uniform(0, 0.1) * textures.fine[box]
        keep = rng.uniform(0.1, 0.6) if edema else rng.uniform(0, 0.3)
        inside = image[box]
        seen = means[part] + (0.5 if edema else 1.0) * texture + keep * (inside - inside[mask[box]].mean())
        image[box] = inside * (1 - alpha) + alpha * seen


def make_case(anatomy: Anatomy, seed: int, spec: Spec) -> PhantomCase:
    """Make one case. The same anatomy, seed and spec give the same voxels.

    Returns:
        A case in an RAS grid centred on the world's origin.
    """
    rng = np.random.default_rng(seed)
    spacing = spec.spacing_mm
    if rng.random() < 0.5:  # a mirrored head is another head
        anatomy = Anatomy(anatomy.name, anatomy.tissues[::-1], anatomy.brain[::-1])
    frame = _deform(rng, anatomy, spec)
    tissues = _sample(anatomy.tissues, frame.source)
    textures = Textures(*(smooth_field(rng, frame.shape, waves) for waves in (10, 18, 34)))
    parts = np.zeros(frame.shape, np.uint8)
    seeded = None
    if spec.tumour:
        inside = _distance(_sample(anatomy.brain, frame.source), spacing)
        place = (np.isin(tissues, WHITE_MATTER) + np.float32(0.2)) * (inside > 6)
        seeded = seed_tumour(rng, place.astype(np.float32), frame.indices, spacing, spec.rates)
        distance = _push(frame, seeded.centre, seeded.radius_mm, rng.uniform(0, 0.25))
        tissues = _sample(anatomy.tissues, frame.source)
    brain = _sample(anatomy.brain, frame.source)
    around = Surroundings(*(_soft(tissues, members, spacing) for members in (WHITE_MATTER, GREY_MATTER, FLUID)))
    if seeded is not None:
        parts = grow(rng, seeded, around, textures, brain, distance, spec.rates)
    contrasts = draw_contrasts(rng, spec.sequences)
    images = {s: _healthy(rng, tissues, contrast, brain, spacing) for s, contrast in contrasts.items()}
    add_decoys(rng, images, around, brain, _distance(brain, spacing), spacing)
    means = draw_parts(rng, contrasts)
    for sequence, image in images.items():
        _paint(rng, image, parts, {part: means[part][sequence] for part in means}, textures, spacing)
        image = degrade(rng, image, spacing)
        images[sequence] = image if spec.skull else image * brain
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(frame.shape) - 1) / 2
    return PhantomCase(images, parts, brain, affine)
