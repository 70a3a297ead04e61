"""Cascades: a region is sought in the box of the one around it, in three views; or a coarse model guides a fine one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from oncontour.core.box import Box, bounding_box
from oncontour.core.labels import LabelScheme
from oncontour.inference.tiling import Activation, probabilities
from oncontour.plans.plan import InferencePlan, Plan, StagePlan, View

VIEW_AXES: Mapping[View, tuple[int, int, int]] = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}
"""The array's axes (RAS) in the order in which a view's network sees them: the slices' normal last."""


def part_name(stage: StagePlan, view: View | None) -> str:
    """What a network of a cascade is called in files.

    >>> part_name(StagePlan(region="WT", views=("axial",)), "axial")
    'WT_axial'
    >>> part_name(StagePlan(region="WT"), None)
    'WT'
    """
    return f"{stage.region}_{view}" if view else stage.region


def stage_views(stage: StagePlan) -> tuple[View | None, ...]:
    """A stage's views; None alone where it has one network in the image's own axes."""
    return stage.views or (None,)


def to_view(array: NDArray, view: View | None) -> NDArray:
    """(C, i, j, k) with the axes of a view; a view of the array's memory."""
    return array if view is None else array.transpose(0, *(axis + 1 for axis in VIEW_AXES[view]))


def from_view(array: NDArray, view: View | None) -> NDArray:
    """What `to_view` did, undone.

    >>> array = np.arange(24).reshape(1, 2, 3, 4)
    >>> all(np.array_equal(from_view(to_view(array, view), view), array) for view in VIEW_AXES)
    True
    """
    return array if view is None else array.transpose(0, *(1 + int(n) for n in np.argsort(VIEW_AXES[view])))


def around(mask: NDArray[np.bool_], margin: int) -> Box | None:
    """The box of a mask and `margin` voxels around it, within the array; None where the mask is empty."""
    box = bounding_box(mask)
    if box is None:
        return None
    i, j, k = (
        slice(max(side.start - margin, 0), min(side.stop + margin, size))
        for side, size in zip(box, mask.shape, strict=True)
    )
    return i, j, k


def cascade_probabilities(
    folds: Sequence[Mapping[str, nn.Module]],
    image: NDArray[np.float32],
    plan: Plan,
    scheme: LabelScheme,
    activation: Activation,
    progress: Callable[[float], None] = lambda share: None,
) -> NDArray[np.float32]:
    """Probabilities (R, i, j, k), in the order of the scheme's regions, of an image (C, i, j, k).

    Each stage sees the box of the region that it lies within, and `margin` voxels around (Wang 2017; paper 002: 5);
    views and folds are averaged. Outside the box its probability is 0, everywhere so where the outer region is empty.

    Args:
        folds: for each fold, the networks by `part_name`.
        plan: with `stages`; the tile is along the axes that a view's network sees.
        activation: of one stage's logits, to one probability.
    """
    found: dict[str, NDArray[np.float32]] = {}
    for done, stage in enumerate(plan.stages):
        box: Box | None = (slice(None), slice(None), slice(None))
        if stage.within is not None:
            box = around(found[stage.within] > _threshold(plan, stage.within), stage.margin)
        found[stage.region] = np.zeros(image.shape[1:], np.float32)
        if box is not None:
            views, how = stage_views(stage), plan.of_stage(stage).inference
            for n, view in enumerate(views):
                networks = [networks[part_name(stage, view)] for networks in folds]
                seen = to_view(image[(slice(None), *box)], view)

                def tell(share: float, first: float = done + n / len(views), width: float = 1 / len(views)) -> None:
                    progress((first + share * width) / len(plan.stages))

                part = probabilities(networks, seen, _inference(how, view), tell, activation)
                found[stage.region][box] += from_view(part, view)[0] / len(views)
    progress(1.0)
    return np.stack([found[region.name] for region in scheme.regions])


def _threshold(plan: Plan, region: str) -> float:
    threshold = plan.postprocess.threshold
    return threshold[region] if isinstance(threshold, dict) else threshold


def _inference(plan: InferencePlan, view: View | None) -> InferencePlan:
    """The plan with the image's mirrored axes named as the view's network sees them."""
    if view is None:
        return plan
    return plan.model_copy(update={"mirror": tuple(VIEW_AXES[view].index(axis) for axis in plan.mirror)})


def label_channels(label_map: NDArray, scheme: LabelScheme) -> NDArray[np.float32]:
    """One channel a label (L, i, j, k), 0 or 1: what a coarse model's result adds to the inputs of a fine one.

    nnU-Net's 3d_cascade_fullres takes the labels of 3d_lowres so, in the order of their values.
    """
    return np.stack([label_map == label.value for label in scheme.labels]).astype(np.float32)
