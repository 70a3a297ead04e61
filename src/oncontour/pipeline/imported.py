"""What a model imported from nnU-Net is shown: the files as nnU-Net would read them, or the prepared images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from oncontour.core.sequence import Sequence
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.pipeline.options import Options

if TYPE_CHECKING:
    from oncontour.inference.bundle import Bundle
    from oncontour.preprocess.run import Prepared

USUAL_AXES = "LPS"
"""How BraTS and most converters lay a file's axes; nnU-Net notes no orientation, and its networks know only theirs."""


def images_for_nnunet(
    bundle: Bundle, study: Study, prepared: Prepared, options: Options
) -> tuple[Mapping[Sequence, Volume], str]:
    """The images, and in words which they are.

    nnU-Net reads files that share a grid, as they are. A study whose images do not, or that has whole heads where the
    model knows brains alone, is shown as it was prepared: registered, corrected, and without what is not brain.
    """
    native = {sequence: image.volume for sequence, image in study.images.items()}
    if _readable(bundle, native, prepared.reference, options):
        return native, "the files as they are, as nnU-Net reads them"
    stripped = bundle.steps is not None and bundle.steps.stripped
    keep = prepared.brain.array if stripped else np.ones(prepared.brain.array.shape, bool)
    images = {s: v.with_array(v.array * keep).reoriented(USUAL_AXES) for s, v in prepared.images.items()}
    return images, "the prepared images" + (" of the brain alone" if stripped else "")


def _readable(bundle: Bundle, native: Mapping[Sequence, Volume], reference: Sequence, options: Options) -> bool:
    """Whether nnU-Net would see in the files what its model was trained on."""
    from oncontour.preprocess.stripped import detect_stripped

    volumes = [native[sequence] for sequence in bundle.plan.channels if sequence in native]
    if not all(volume.grid.same_as(volumes[0].grid) for volume in volumes):
        return False
    if bundle.steps is None or not bundle.steps.stripped:
        return True
    if options.skull_stripped is False or options.brain_mask is not None:
        return False
    found = detect_stripped(native, reference, forced=bool(options.skull_stripped))
    return found.found and not any(found.background.values())
