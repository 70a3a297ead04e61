"""The image of one sequence: a healthy head, its decoys and its tumour, and what a scanner does to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.artefacts import echo_planar, failed_fits, gain, noise, resampled
from oncontour.data.phantom.contrast import Contrast
from oncontour.data.phantom.decoys import Decoys
from oncontour.data.phantom.fields import Array, smooth_field
from oncontour.data.phantom.folia import Folia
from oncontour.data.phantom.ingredients import Ingredient, Ingredients
from oncontour.data.phantom.k_space import motion, ringing
from oncontour.data.phantom.lesion import Part, bounds
from oncontour.data.phantom.scanners import Scanners
from oncontour.data.phantom.separable import apply, blur, blur_matrix
from oncontour.data.phantom.tumour import Tumour

ADC_UNIT = 3000.0
"""10^-6 mm2/s of brightness 1 on an ADC map: free water is near 3000."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a scanner is given, the same for all sequences.

    Args:
        tissues, depth: uint8 (i, j, k); depth in mm below the brain's surface, 0 outside.
        folia: fluid in the cortex, if any.
        decoys: healthy findings.
        tumour: None: none.
        spacing: mm of a voxel.
    """

    tissues: NDArray[np.uint8]
    depth: NDArray[np.uint8]
    folia: Folia | None
    decoys: Decoys
    tumour: Tumour | None
    spacing: float


def simulate(
    rng: np.random.Generator,
    having: Ingredients,
    sequence: Sequence,
    contrast: Contrast,
    scene: Scene,
    scanners: Scanners,
    clean: bool,
) -> Array:
    """The image of one sequence: (i, j, k) float32, the whole head.

    Args:
        clean: without thick slices, misregistration, noise and what k-space lacks.
    """
    spacing, depth, tumour = scene.spacing, scene.depth, scene.tumour
    image = _healthy(rng, scene.tissues, contrast, scene.folia, spacing)
    box = scene.decoys.box
    image[box] += np.float32(rng.uniform(0, 0.05)) * smooth_field(rng, depth[box].shape, 8) * (depth[box] > 0)
    scene.decoys.draw_into(image, sequence)
    if tumour is not None:
        _paint(rng, image[tumour.box], tumour, sequence, spacing)
    if sequence is Sequence.ADC:
        np.clip(image, 0, None, out=image)
        if not clean:
            image = echo_planar(rng, image, spacing)
    else:
        image = gain(rng, image, scanners)
    if not clean:
        number = list(Sequence).index(sequence)
        lacks = []
        if moving := having.drawn(Ingredient.MOTION, scanners.motion, number):
            lacks.append(motion(moving, image.shape, spacing))
        if truncated := having.drawn(Ingredient.RINGING, scanners.ringing, number):
            lacks.append(ringing(truncated, image.shape))
        image = noise(rng, resampled(rng, image, spacing, scanners, tuple(lacks)))
    if sequence is Sequence.ADC:
        image = failed_fits(rng, image, _fluid_parts(tumour, image.shape)) * np.float32(ADC_UNIT)
    return image


def _fluid_parts(tumour: Tumour | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    if tumour is not None:
        mask[tumour.box] = tumour.parts >= Part.NECROSIS
    return mask


def _healthy(
    rng: np.random.Generator, tissues: NDArray[np.uint8], contrast: Contrast, folia: Folia | None, spacing: float
) -> Array:
    """The healthy head on one sequence: means, texture at two scales, partial volume."""
    image = smooth_field(rng, tissues.shape, 34, 0.8)
    image += np.float32(0.6) * rng.standard_normal(tissues.shape, np.float32)
    image *= contrast.deviations[tissues]
    image += contrast.means[tissues]
    if folia is not None:
        folia.draw_into(image, float(contrast.means[Tissue.CSF]), float(contrast.means[Tissue.GREY]))
    deviation = rng.uniform(0.35, 0.75) * max(1.0, 1.4 / spacing)
    return apply(image, [blur_matrix(size, deviation) for size in image.shape])


_PAINTED = (
    Part.EDEMA, Part.INFILTRATION, Part.SOLID, Part.NECROSIS, Part.CYST, Part.ENHANCING,
    Part.HAEMORRHAGE, Part.CALCIFICATION, Part.CAVITY, Part.BLOOD, Part.GAS,
)  # fmt: skip
"""The order in which parts are drawn, each over those before it."""

_DIFFUSE = (Part.EDEMA, Part.INFILTRATION)
"""Parts through which the anatomy shows."""

_FLUID_PARTS = (Part.CYST, Part.CAVITY, Part.GAS)
"""Parts with little texture."""


def _paint(rng: np.random.Generator, image: Array, tumour: Tumour, sequence: Sequence, spacing: float) -> None:
    """Draw the tumour into the image of its box, in place; anatomy shows through oedema, hardly through the core."""
    streams = rng.spawn(len(Part))  # one a part: what one part lacks changes no other
    for part in _PAINTED:
        uniform = streams[part].uniform
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
