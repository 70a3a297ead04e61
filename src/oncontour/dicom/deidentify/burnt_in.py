"""Whether an image may show more than a head: refused with a reason, never guessed.

No program finds every word that is drawn into an image; `docs/deidentify.md` says what this one looks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.dicom.facts import facts_of
from oncontour.dicom.header import IMAGE_CLASSES, Header

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LEAST_GLYPHS = 5
"""Letters in a line: fewer say little, and speckle of that regularity is seen."""

GLYPH_ROWS = (5, 64)
"""Height of letters in pixels: smaller ones cannot be read."""

FLAT_PIXELS = 3
"""Pixels of one letter that have exactly the brightness of the writing: anatomy has noise, ink has none."""

LINE_ROWS = 1
"""Letters of a line stand on the same row, give or take this."""

INK_SHARES = (1.0, 0.75, 0.5)
"""Letters are cut out at these shares of the ink's brightness: hard ones stand free at the first even on anatomy, the
soft edges of others are theirs at the last."""

_SCREEN_FACTS = ("type capture", "word screen capture", "colour")


def header_reason(header: Header, dataset: Dataset) -> str:
    """Why a header forbids the export, "" where it does not. Holds none of its text."""
    from pydicom.uid import UID

    facts = facts_of(header.frames[0].evidence) if header.frames else {}
    if header.sop_class not in IMAGE_CLASSES or header.modality not in ("", "MR"):
        uid = UID(header.sop_class)
        kind = uid.name if uid.name != uid else "an unknown kind of object"
        return f"no MR image: {kind if header.sop_class not in IMAGE_CLASSES else 'another modality'}"
    if str(dataset.get("BurnedInAnnotation", "")).strip().upper() == "YES":
        return "the header says that identity is burnt in"
    monochrome = str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    if any(name in facts for name in _SCREEN_FACTS) or "ConversionType" in dataset or not monochrome:
        return "a screen capture, secondary capture or colour image"
    if any(tag >> 24 == 0x60 for tag in dataset.keys()):  # noqa: SIM118 - iterating itself converts every value
        return "an overlay plane: drawings or words on the image"
    if any(frame.mosaic_tiles for frame in header.frames) or any(
        frame.index is not None and frame.position is None for frame in header.frames
    ):
        return "slices that only a private header, which does not survive, puts in their place"
    return ""


def pixel_reason(pixels: NDArray[np.integer], bits_stored: int) -> str:
    """Why pixels (frame, row, column) forbid the export, "" where they do not."""
    if pixels.dtype.kind == "u" and bits_stored < 8 * pixels.dtype.itemsize and pixels.max(initial=0) >> bits_stored:
        return "bits set outside of the stored ones: an overlay drawn into the pixels"
    return "what looks like a line of letters in the image" if any(map(has_writing, pixels)) else ""


def has_writing(picture: NDArray[np.integer]) -> bool:
    """Whether a picture (row, column) holds a line of letters.

    Letters are separate spots about as high as each other, side by side on one line, each with several pixels of
    exactly the same brightness: the picture's brightest, or the most frequent bright one.
    """
    values = picture.astype(np.int64) - int(picture.min())
    top = int(values.max())
    if top == 0:
        return False
    bright = values[values > top // 4]
    candidates = {top, int(np.bincount(bright).argmax()) if top < 2**20 else top}
    return any(_line_of_spots(values >= share * ink, values == ink) for ink in candidates for share in INK_SHARES)


def _line_of_spots(drawn: NDArray[np.bool_], flat: NDArray[np.bool_]) -> bool:
    """Whether enough spots of `drawn` with enough pixels of `flat` stand on one line, close to each other."""
    from scipy import ndimage

    labels = np.zeros(drawn.shape, dtype=np.int32)
    ndimage.label(drawn, np.ones((3, 3)), output=labels)
    inked = np.bincount(labels[flat], minlength=1)
    boxes = ndimage.find_objects(labels)
    spots = [
        (box[0].start, box[0].stop, box[1].start, box[1].stop)
        for number, box in enumerate(boxes[: len(inked) - 1], start=1)
        if box is not None
        and inked[number] >= FLAT_PIXELS
        and GLYPH_ROWS[0] <= box[0].stop - box[0].start <= GLYPH_ROWS[1]
        and box[1].stop - box[1].start <= 2 * (box[0].stop - box[0].start)
    ]
    spots.sort(key=lambda spot: spot[2])
    for top, bottom, _, _ in spots:
        height, reach, count = bottom - top, -1, 0
        for top_2, bottom_2, left, right in spots:
            if abs(bottom_2 - bottom) > LINE_ROWS or not 0.5 <= (bottom_2 - top_2) / height <= 1:
                continue
            near = count > 0 and left - reach <= height
            count, reach = (count + 1 if near else 1), right
            if count >= LEAST_GLYPHS:
                return True
    return False
