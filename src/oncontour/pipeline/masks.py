"""From a model's probabilities to masks in the reference's native grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import BundleError
from oncontour.core.labels import LabelScheme
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.postprocess.clean import clean_regions
from oncontour.postprocess.crf import CrfSettings, dense_crf
from oncontour.postprocess.guided import GuidedSettings, guided
from oncontour.postprocess.rules import Rules
from oncontour.preprocess.resample import resample
from oncontour.preprocess.resample_above import resample_above
from oncontour.preprocess.run import Prepared


@dataclass(frozen=True, eq=False)
class Masks:
    """What was found, in the reference's native grid.

    Args:
        regions: (R, i, j, k) boolean, of the regions of `scheme`.
        label_map: (i, j, k) uint8.
        scheme: the model's; where the model tells labels apart that its regions do not, its composites are regions too.
        probabilities: (R, i, j, k) or (R + L, i, j, k) that were thresholded, on the grid of the prepared images.
    """

    regions: Volume
    label_map: Volume
    scheme: LabelScheme
    probabilities: Volume


def described(bundle: Bundle) -> str:
    """What `native_masks` does to probabilities, in words."""
    plan = bundle.plan.postprocess
    before = ["conditional random field"] * (plan.crf is not None) + ["guided filter"] * (plan.guided is not None)
    return ", ".join((*before, "threshold, holes and islands")).capitalize()


def native_masks(probabilities: Volume, prepared: Prepared, bundle: Bundle) -> Masks:
    """Masks of a bundle's regions: conditional random field, guided filter, native grid, threshold, holes, islands.

    Args:
        probabilities: (R, i, j, k) or (R + L, i, j, k), as `predict` gives them.
        prepared: images, and the native grid.

    Raises:
        BundleError: a conditional random field that has no number for a sequence.
    """
    grid, plan = prepared.reference_grid, bundle.plan.postprocess
    output = probabilities.array
    if plan.crf or plan.guided:
        shown = {
            sequence: prepared.normalised[sequence]
            for sequence in bundle.plan.channels
            if sequence in prepared.normalised
        }
        images = np.stack([resample(image, probabilities.grid).array for image in shown.values()])
        spacing = probabilities.grid.spacing
        if plan.crf:
            output = _agreed(output, images, spacing, tuple(shown), bundle)
        if plan.guided:
            output = guided(output, images, spacing, GuidedSettings(**plan.guided.model_dump()))
    rules = rules_of(bundle)
    thresholds = [rules.threshold_of(region.name) for region in bundle.scheme.regions]
    box, part = resample_above(output, probabilities.grid, grid, thresholds)
    within, labels, scheme = decoded(part, bundle, grid.voxel_volume_mm3)
    regions, label_map = np.zeros((len(within), *grid.shape), bool), np.zeros(grid.shape, np.uint8)
    regions[(slice(None), *box)], label_map[box] = within, labels
    likely = probabilities.with_array(output)
    return Masks(Volume(regions, grid.affine), Volume(label_map, grid.affine), scheme, likely)


def decoded(
    output: NDArray[np.float32], bundle: Bundle, voxel_mm3: float
) -> tuple[NDArray[np.bool_], NDArray[np.uint8], LabelScheme]:
    """Clean regions (R, i, j, k), label map (i, j, k) and the scheme that names the regions (see `Masks`).

    Args:
        output: probabilities (R, i, j, k) or (R + L, i, j, k).
    """
    scheme = bundle.scheme
    regions = clean_regions(output[: len(scheme.regions)], scheme, voxel_mm3, rules_of(bundle))
    label_map = bundle.label_map(regions, output)
    if bundle.labels_apart:
        composites = [np.isin(label_map, scheme.values(region)) for region in scheme.composites]
        regions = np.stack([*regions, *composites])
        scheme = replace(scheme, regions=scheme.regions + scheme.composites, composites=(), nested=False)
    return regions, label_map, scheme


def rules_of(bundle: Bundle) -> Rules:
    """How a bundle's regions are cleaned."""
    return Rules(**bundle.plan.postprocess.model_dump(exclude={"crf", "guided"}))


def _agreed(
    output: NDArray[np.float32],
    images: NDArray[np.float32],
    spacing: tuple[float, float, float],
    shown: tuple[Sequence, ...],
    bundle: Bundle,
) -> NDArray[np.float32]:
    """The output with regions that agree with near and alike voxels, each about its own threshold."""
    plan, scheme, rules = bundle.plan.postprocess.crf, bundle.scheme, rules_of(bundle)
    assert plan is not None, "asked for"
    alike = plan.appearance_intensity
    unknown = [sequence for sequence in shown if isinstance(alike, dict) and sequence not in alike]
    if unknown:
        expected = "one number, or one for each sequence"
        remedy = "Correct postprocess.crf.appearance_intensity in the plan."
        raise BundleError(f"bundle {bundle.name}", f"no number for {unknown[0]}", expected, remedy)
    spread = tuple(alike[sequence] for sequence in shown) if isinstance(alike, dict) else alike
    settings = CrfSettings(**plan.model_dump(exclude={"appearance_intensity"}), appearance_intensity=spread)
    count = len(scheme.regions)
    thresholds = [rules.threshold_of(region.name) for region in scheme.regions]
    found = dense_crf(output[:count], images, spacing, settings, thresholds)
    return np.concatenate((found, output[count:]))
