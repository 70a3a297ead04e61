"""From images as nnU-Net would read them to the regions' probabilities on the same grid, by nnU-Net's own steps.

1. turn      the axes, where the model's reader did
2. crop      to what is not zero in any channel, its holes filled
3. scale     each channel
4. resample  to the model's spacing, cubic; thick slices apart
5. predict   tiles, mirrored views and folds, logits averaged
6. resample  logits to the cropped grid, linear
7. decide    sigmoid, or softmax and the largest class
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from oncontour.core.box import bounding_box
from oncontour.core.errors import BundleError, GeometryError, ImageContentError, SequenceError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.inference.cascade import label_channels
from oncontour.inference.nnunet.resample import resample, resample_labels, resampled_shape, slice_axis
from oncontour.inference.nnunet.steps import Scaling, Steps
from oncontour.inference.tiling import Activation, ensemble, region_sums

SMALLEST_DEVIATION = 1e-8
"""Below it nnU-Net divides by this instead."""

JUST_ABOVE_HALF = float(np.nextafter(np.float32(0.5), np.float32(1)))


def predict_as_nnunet(
    bundle: Bundle, images: Mapping[Sequence, Volume], progress: Callable[[float], None] = lambda share: None
) -> Volume:
    """Probabilities of a bundle's regions, such that those above one half are what nnU-Net itself would write.

    Args:
        bundle: imported from nnU-Net.
        images: own intensities, all on one grid; zero outside the brain where the model was trained so.
        progress: called with the share of the work done.

    Returns:
        (R, i, j, k) float32 in 0..1 on the images' grid; (R + L, i, j, k) where the bundle tells labels apart that
        regions do not.

    Raises:
        SequenceError: a sequence that the model needs is not there.
        GeometryError: images on different grids.
        ImageContentError: nothing but zeros.
    """
    steps = bundle.steps
    if steps is None:
        raise BundleError(bundle.folder, "no nnunet.yaml", "a model imported from nnU-Net", "Use `predict`.")
    stack = _stack(bundle, images)
    turned = stack.reoriented(steps.axes) if steps.axes else stack
    mask = np.asarray(binary_fill_holes((turned.array != 0).any(0)))
    box = bounding_box(mask)
    if box is None:
        found, remedy = "nothing but zeros", "Give images of a brain."
        raise ImageContentError(f"bundle {bundle.name}", found, "an image with contrast", remedy)
    own = turned.grid.spacing
    wanted = tuple(after or before for before, after in zip(own, steps.spacing, strict=True))
    across = slice_axis(own, wanted, steps.separate)
    shape = resampled_shape(mask[box].shape, own, wanted)
    inside, labels = mask[box], None
    if bundle.previous:
        labels = _previous_labels(bundle.previous, images, steps)[box]
        inside = inside | (labels > 0)  # nnU-Net marks the outside in the label map, and only where it says background
    image = _prepared(turned.array[(slice(None), *box)], inside, steps, shape, across)
    if labels is not None:
        coarse = resample_labels(labels, shape, across, steps.label_order)
        image = np.concatenate((image, label_channels(coarse, bundle.scheme)))
    found = _network_output(bundle, image, steps, progress)
    first, then = (own, wanted) if steps.version == 1 else (wanted, own)
    found = resample(found, inside.shape, slice_axis(first, then, steps.separate), steps.output_order)
    out = np.zeros((len(bundle.classes), *mask.shape), np.float32)
    out[(slice(None), *box)] = _regions(bundle, found)
    back = Volume(out, turned.affine)
    return back.reoriented(stack.grid.axis_codes) if steps.axes else back


def _network_output(
    bundle: Bundle, image: NDArray[np.float32], steps: Steps, progress: Callable[[float], None]
) -> NDArray[np.floating]:
    """What the folds give on average (K, i, j, k), summed as nnU-Net sums it."""
    networks, plan = [parts[""] for parts in bundle.runners], bundle.plan.inference
    sums = torch.float16 if steps.version == 2 else torch.float32
    found = ensemble(networks, image, plan, class_activation(bundle), progress, sums)
    if not torch.isfinite(found).all():  # logits too large for half precision, at which nnU-Net gives up
        found = ensemble(networks, image, plan, class_activation(bundle), progress)
    return found.cpu().numpy()


def class_activation(bundle: Bundle) -> Activation:
    """Logits (B, K, ...) to the probability of each class or region that the network itself knows."""
    if bundle.plan.training.loss.output == "sigmoid":
        return torch.sigmoid
    return lambda logits: torch.softmax(logits, 1)


def _stack(bundle: Bundle, images: Mapping[Sequence, Volume]) -> Volume:
    """The channels (C, i, j, k) in the model's order."""
    missing = [sequence for sequence in bundle.plan.channels if sequence not in images]
    if missing:
        found, expected = f"no {' and no '.join(missing)}", ", ".join(bundle.plan.channels)
        remedy = "Add it, or choose a bundle for the sequences at hand: nnU-Net's models need all of theirs."
        raise SequenceError(f"bundle {bundle.name}", found, expected, remedy)
    volumes = [images[sequence] for sequence in bundle.plan.channels]
    if not all(volume.grid.same_as(volumes[0].grid) for volume in volumes):
        expected = "all sequences on one"
        raise GeometryError(f"bundle {bundle.name}", "different grids", expected, "Register the sequences first.")
    return Volume(np.stack([np.asarray(volume.array, np.float32) for volume in volumes]), volumes[0].affine)


def _prepared(
    image: NDArray[np.float32], mask: NDArray[np.bool_], steps: Steps, shape: tuple[int, ...], across: int | None
) -> NDArray[np.float32]:
    """Scaled and resampled channels; version 1 resamples first."""
    if steps.version == 1:
        image = resample(image, shape, across, steps.image_order)
        mask = resample_labels(mask.astype(np.uint8), shape, across, steps.label_order) > 0
    channels = zip(image, steps.scaling, steps.masked, strict=True)
    image = np.stack([scaled(channel, how, mask if masked else None) for channel, how, masked in channels])
    return image if steps.version == 1 else resample(image, shape, across, steps.image_order)


def scaled(image: NDArray[np.float32], how: Scaling, mask: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """One channel (i, j, k), scaled over the mask where one is given; 0 outside it."""
    if how == "none":
        return image
    if how == "rescale":
        low = image - image.min()
        return low / max(float(low.max()), SMALLEST_DEVIATION)
    inside = image if mask is None else image[mask]
    z = (inside - inside.mean()) / max(float(inside.std()), SMALLEST_DEVIATION)
    if mask is None:
        return z
    out = np.zeros_like(image)
    out[mask] = z
    return out


def _previous_labels(bundle: Bundle, images: Mapping[Sequence, Volume], steps: Steps) -> NDArray[np.uint8]:
    """The coarse model's label map, turned as the images of the fine one are."""
    coarse = predict_as_nnunet(bundle, images)
    regions = coarse.array[: len(bundle.scheme.regions)] > 0.5
    labels = coarse.with_array(bundle.label_map(regions, coarse.array))
    return (labels.reoriented(steps.axes) if steps.axes else labels).array


def _regions(bundle: Bundle, found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities (R, ...) of regions, or (R + L, ...), from what the network gave, resampled (K, ...)."""
    chances = torch.from_numpy(found).float()[None]
    if bundle.plan.inference.average == "logits":
        chances = class_activation(bundle)(chances)
    if bundle.plan.training.loss.output == "sigmoid":
        return chances[0].numpy()
    summed = region_sums(chances, bundle.classes)[0].numpy()
    largest = found.argmax(0)
    return decided(summed, np.stack([np.isin(largest, own) for own in bundle.classes]))


def decided(probabilities: NDArray[np.float32], regions: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Probabilities, moved to one half's side where the largest class decided otherwise than the region's sum.

    Background 0.4, oedema 0.3 and core 0.3 is tumour more likely than not, but nnU-Net writes background.

    >>> decided(np.array([0.6, 0.8], np.float32), np.array([False, True])).tolist()
    [0.5, 0.800000011920929]
    """
    return np.where(regions, np.maximum(probabilities, JUST_ABOVE_HALF), np.minimum(probabilities, 0.5))
