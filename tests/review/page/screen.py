"""What a browser shows of the viewer."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from oncontour.core.labels import SCHEMES


def pixels(page) -> np.ndarray:
    """What the viewer shows, letters too: (rows, columns, 3)."""
    drawn = page.locator("#stage").screenshot()
    return np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB")).astype(int)


def tumour(image: np.ndarray) -> np.ndarray:
    """Places (row, column) of pixels in the tumour core's colour, drawn over grey; the crosshair has another."""
    red, green, blue = SCHEMES["brats"].region("TC").colour
    tint = image - image.mean(axis=2, keepdims=True)
    wanted = np.array([red, green, blue]) - np.mean([red, green, blue])
    along = (tint @ wanted) / np.linalg.norm(wanted)
    across = np.linalg.norm(tint - along[..., None] * wanted / np.linalg.norm(wanted), axis=2)
    return np.argwhere((along > 25) & (across < along / 2))


def drawn(page, wanted: Callable[[np.ndarray], bool]) -> np.ndarray:
    """The drawing, once it is as wanted, however slow the machine.

    Raises:
        AssertionError: it never was.
    """
    for _ in range(300):
        image = pixels(page)
        if wanted(image):
            return image
        page.wait_for_timeout(100)
    raise AssertionError("never drawn as wanted")


def shows_tumour(image: np.ndarray) -> bool:
    return len(tumour(image)) > 500


def shows_none(image: np.ndarray) -> bool:
    return len(tumour(image)) < 20
