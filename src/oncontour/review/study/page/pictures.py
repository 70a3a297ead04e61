"""What the viewer is given of a rater's page: images on the grid of its masks, and all masks in one volume of bits.

Nothing is cut away around the head, as a result's page does: how large an answer is tells of the grid alone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import EVERYWHERE
from oncontour.core.errors import InputError, OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.core.volume import Volume
from oncontour.data.nifti import nifti_bytes, read_nifti, read_voxels
from oncontour.preprocess.resample import resample
from oncontour.review.results.images import Shown, centre, stored
from oncontour.review.study.plan import WHOLE_MAP
from oncontour.review.study.rating import Item
from oncontour.review.study.study import Study

KEPT = 4
"""Pages whose images stay in memory: some 100 MB each."""

NO_IMAGE = "no image"
"""In place of a sequence, where a study shows masks alone."""


class Pictures:
    """Pages' images, kept while raters look at them.

    Args:
        study: whose pages.
        trouble: told which file could not be read, and why; raters are not.
    """

    def __init__(self, study: Study, trouble: Callable[[str], None] = lambda text: None) -> None:
        self._study, self._trouble = study, trouble
        self._kept: OrderedDict[str, Shown] = OrderedDict()
        self._lock = threading.Lock()

    def shown(self, item: Item) -> Shown:
        """A page's images; `names` are the regions of a whole label map, else numbers of masks from 1.

        Raises:
            InputError: they cannot be read; nothing is said of which or why.
        """
        with self._lock:
            if item.item not in self._kept:
                try:
                    self._kept[item.item] = _show(item, self._study)
                except (OncontourError, OSError) as error:
                    self._trouble(str(error))
                    remedy = "Tell whoever runs the study; your answers are kept."
                    raise InputError("page", "images that cannot be read", "those of the study", remedy) from None
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(item.item)
            return self._kept[item.item]


def _show(item: Item, study: Study) -> Shown:
    masks = [read_voxels(mask.file)[0] for mask in item.masks]
    grid = masks[0].grid
    names, channels = _channels([mask.array for mask in masks], study)
    bits = np.zeros(grid.shape, np.uint8)
    for n, channel in enumerate(channels):
        bits |= channel.astype(np.uint8) << n
    regions = Volume(bits, grid.affine).reoriented("RAS")
    images = {}
    for sequence, path in item.images.items():
        seen = resample(read_nifti(path), grid)
        images[sequence] = stored(seen.reoriented("RAS"))
    if not images:
        black = regions.with_array(np.zeros_like(regions.array))
        images[NO_IMAGE] = nifti_bytes(black, "int16", compressed=False, window=(0.0, 1.0))
    middle = centre(regions.array > 0)
    return Shown(images, names, nifti_bytes(regions, "uint8", compressed=False), middle, EVERYWHERE)


def _channels(masks: list[NDArray], study: Study) -> tuple[tuple[str, ...], list[NDArray[np.bool_]]]:
    """What has a bit of its own: each mask; of a whole label map each region."""
    if study.region != WHOLE_MAP:
        return tuple(str(n) for n in range(1, len(masks) + 1)), [mask > 0 for mask in masks]
    scheme = SCHEMES[study.scheme]
    return tuple(one.name for one in scheme.regions), [np.isin(masks[0], scheme.values(one)) for one in scheme.regions]
