"""Contact sheets: every case is there, in radiological orientation, in the scheme's colours."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from oncontour.core.labels import BRATS, SEQUENCE_MASKS
from oncontour.core.sequence import Sequence
from oncontour.data.doctor.problem import Slice
from oncontour.report.sheet import CASES_A_ROW, ROWS, Panel, overlay_sheets


def plane(sequences=(Sequence.FLAIR,), marked=True) -> Slice:
    """A head whose right front is bright, with a mark on the left."""
    image = np.full((60, 80), 40, np.uint8)
    image[40:55, 60:75] = 250  # right and anterior grow along the axes
    labels = np.zeros((60, 80), np.uint8)
    if marked:
        labels[10:25, 20:40] = 2
        labels[14:20, 26:34] = 3
    return Slice(dict.fromkeys(sequences, image), labels, (2.0, 1.5), 12.0, 900.0 * marked)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)


def near(picture, colour, tolerance=40):
    return np.abs(picture - np.array(colour)).max(axis=-1) < tolerance


def body(picture):
    """The sheet below its head line."""
    return picture[90:]


def test_right_lies_on_the_left_and_the_front_on_top():
    (sheet,) = overlay_sheets([Panel("a", plane(), "")], BRATS, "data")
    shown = body(pixels(sheet))
    rows, columns = np.nonzero(near(shown[60:, :330], (250, 250, 250), 8))
    blue = np.nonzero(near(shown, BRATS.region("WT").colour))
    bright = rows.mean() + 60, columns.mean()
    assert bright[0] < blue[0].mean()
    assert bright[1] < blue[1].mean()


def test_every_region_has_its_colour_and_nothing_marked_has_none():
    (marked,) = overlay_sheets([Panel("a", plane(), "")], BRATS, "data")
    (empty,) = overlay_sheets([Panel("a", plane(marked=False), "")], BRATS, "data")
    for name in ("WT", "ET"):
        colour = BRATS.region(name).colour
        assert near(body(pixels(marked)), colour).sum() > 50
        assert near(body(pixels(empty)), colour).sum() == 0
        assert near(pixels(empty), colour).sum() > 0  # in the legend


def test_a_case_with_a_problem_stands_out():
    sheets = [overlay_sheets([Panel("a", plane(), note)], BRATS, "data")[0] for note in ("", "geometry")]
    plain, alarmed = (near(pixels(sheet), (255, 157, 92), 20).sum() for sheet in sheets)
    assert plain == 0
    assert alarmed > 20


@pytest.mark.parametrize(("count", "sheets"), [(0, 0), (1, 1), (CASES_A_ROW * ROWS, 1), (CASES_A_ROW * ROWS + 1, 2)])
def test_every_case_has_its_place(count, sheets):
    panels = [Panel(f"case {n}", plane((Sequence.FLAIR, Sequence.T1CE)), "") for n in range(count)]
    made = overlay_sheets(panels, SEQUENCE_MASKS, "data", dpi=40)
    assert len(made) == sheets
    assert sum(_pictures(pixels(sheet)) for sheet in made) == 2 * count


def _pictures(sheet) -> int:
    """Number of bright patches: one a picture."""
    from scipy.ndimage import binary_closing, label

    bright = near(sheet, (250, 250, 250), 12)
    _, count = label(binary_closing(bright, np.ones((3, 3))) & (_local(bright) > 30))
    return count


def _local(bright):
    from scipy.ndimage import uniform_filter

    return uniform_filter(bright.astype(float), 7) * 49
