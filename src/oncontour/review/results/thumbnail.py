"""A case in one small picture: the slice with most tumour, its regions outlined, as radiologists look at it."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from oncontour.drawing.burnt import draw_outlines
from oncontour.drawing.slices import window
from oncontour.drawing.views import AXIAL, picture
from oncontour.review.results.images import HEAD_SHARE, centre, cut, head_box, read_reference
from oncontour.review.results.result import Result
from oncontour.review.results.source import Source

SIDE_PIXELS = 112
"""Of the longer side: sharp at twice the size that the list shows."""


def thumbnail(result: Result, source: Source) -> bytes:
    """A PNG of the head, cut as the viewer shows it, its pixels square.

    Raises:
        InputError: as `show`.
    """
    from PIL import Image

    reference, states = read_reference(result, source)
    box = head_box(reference, states.array != 0)
    image, bits = cut(reference, box), cut(states, box)
    k = centre(bits.array & 1)[2]
    slices = picture(image.array, AXIAL, k), picture(bits.array, AXIAL, k)
    low, high = window(slices[0], slices[0] > HEAD_SHARE * np.percentile(slices[0], 99))
    grey = np.clip((slices[0] - low) * (255 / (high - low)), 0, 255).astype(np.uint8)
    across, up, _ = image.grid.spacing
    size = np.array([grey.shape[1] * across, grey.shape[0] * up])
    wide, tall = np.maximum(1, np.rint(size * SIDE_PIXELS / size.max())).astype(int).tolist()
    drawn = np.array(Image.fromarray(grey).resize((wide, tall), Image.Resampling.LANCZOS).convert("RGB"))
    small = np.array(Image.fromarray(slices[1]).resize((wide, tall), Image.Resampling.NEAREST))
    colours = list(result.colours.values())
    draw_outlines(drawn, np.stack([(small >> n & 1).astype(bool) for n in range(len(colours))]), colours, 1)
    file = BytesIO()
    Image.fromarray(drawn).save(file, format="PNG")
    return file.getvalue()
