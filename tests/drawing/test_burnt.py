"""What is burnt into pictures must be true: sides, places of outlines, colours."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from oncontour.core.labels import BRATS
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.volume import Volume
from oncontour.drawing.burnt import burnt_in, edge_letters

SIDE, SLICES = 192, 3
COLOURS = [region.colour for region in BRATS.regions]


def volume(codes: str = "LPS") -> Volume:
    """Black slices of `SIDE` pixels, whose axes have these codes."""
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for n, code in enumerate(codes):
        affine["RAS".index(code) if code in "RAS" else "LPI".index(code), n] = 1 if code in "RAS" else -1
    return Volume(np.zeros((SIDE, SIDE, SLICES), np.float32), affine)


def draw(image: Volume, masks: np.ndarray | None = None, title: str = "T1", key=("WT 1", "TC 1", "ET 1")):
    masks = np.zeros((3, *image.array.shape), bool) if masks is None else masks
    return burnt_in(image, masks, np.zeros(image.array.shape, bool), COLOURS, title, key)


def is_l(patch: np.ndarray) -> bool:
    """Whether the letter in a patch is an L: it alone has a stem on the left and nothing at its upper right."""
    rows, columns = np.nonzero(patch > 120)
    letter = patch[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] / 255
    up, across = letter.shape[0] // 2 - 1, letter.shape[1] // 2 + 1
    return letter[:up, :across].mean() > 0.3 and letter[:up, across:].mean() < 0.05


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_the_l_stands_on_the_patients_left(codes):
    image = volume(codes)
    picture = draw(image)[1, ..., 0]
    middle, letter = SIDE // 2, slice(SIDE // 2 - 9, SIDE // 2 + 9)
    edges = {  # column and row of an edge's middle, and the patch where its letter stands
        (0, middle): picture[letter, :14],
        (SIDE - 1, middle): picture[letter, -14:],
        (middle, 0): picture[:16, letter],
        (middle, SIDE - 1): picture[-28:-13, letter],
    }
    world_x = {place: image.grid.to_world((*place, 1))[0] for place in edges}
    low, high = min(world_x.values()), max(world_x.values())
    for place, patch in edges.items():
        leftmost = high - low > 1 and world_x[place] == low
        assert is_l(patch) == leftmost, (codes, place)


def test_letters_of_each_plane():
    assert edge_letters("LPS") == ("R", "L", "A", "P")
    assert edge_letters("LIP") == ("R", "L", "H", "F")
    assert edge_letters("RAS") == ("L", "R", "P", "A")
    assert all(sorted(edge_letters(codes)) in (list("ALPR"), list("FHLR"), list("AFHP")) for codes in ALL_ORIENTATIONS)


def lopsided() -> np.ndarray:
    """Three nested regions off the middle, away from all letters, on slice 1 alone."""
    masks = np.zeros((3, SIDE, SIDE, SLICES), bool)
    masks[0, 100:150, 60:90, 1] = True
    masks[1, 110:140, 65:80, 1] = True
    masks[2, 112:120, 68:74, 1] = True
    return masks


def test_outlines_are_pixels_of_their_masks_in_their_colours():
    masks = lopsided()
    picture = draw(volume(), masks)[1]
    expected = np.zeros_like(picture)
    for mask, colour in zip(masks[..., 1], COLOURS, strict=True):
        expected[(mask & ~binary_erosion(mask)).T] = colour
    inside = np.zeros((SIDE, SIDE), bool)
    inside[40:110, 60:170] = True
    assert np.array_equal(picture[inside], expected[inside])
    assert not draw(volume(), masks)[[0, 2]][:, inside].any()


def test_outlines_that_coincide_take_turns():
    masks = lopsided()
    masks[1] = masks[2] = masks[0]
    picture = draw(volume(), masks)[1]
    line = (masks[0, ..., 1] & ~binary_erosion(masks[0, ..., 1])).T
    shares = [np.mean((picture[line] == colour).all(-1)) for colour in COLOURS]
    assert sum(shares) == 1
    assert min(shares) > 0.2


def test_lines_and_letters_grow_with_the_picture():
    def drawn(side: int) -> tuple[int, int]:
        masks = np.zeros((3, side, side, 1), bool)
        masks[:1, side // 2 : -side // 8, side // 2 : -side // 8] = True
        picture = draw(Volume(np.zeros((side, side, 1), np.float32), np.diag([-1.0, -1, 1, 1])), masks)[0]
        crossed = (picture[side * 5 // 8] == COLOURS[0]).all(-1)
        rows = np.flatnonzero((picture[-side // 10 :, : side // 3] > 120).any((1, 2)))
        return int(crossed.sum()) // 2, int(rows.max() - rows.min() + 1)

    thin, small = drawn(256)
    thick, large = drawn(512)
    assert (thin, thick) == (1, 2)
    assert small >= 7
    assert large == pytest.approx(2 * small, abs=2)


def test_key_and_mark_are_legible_and_in_their_colours():
    picture = draw(volume(), None, "FLAIR", ["WT 63.3 mL", "TC 22.9 mL", "ET 7.43 mL"])[0].astype(int)
    for n, colour in enumerate(COLOURS):
        near = np.abs(picture - np.array(colour)).max(-1) < 30
        assert near.sum() > 60
        assert near[: SIDE // 3, : SIDE // 2].sum() == near.sum()
        rows = np.flatnonzero(near.any(1))
        assert rows.min() > 11 * (n + 1)
    assert (picture[-14:].min(-1) > 120).sum() > 250  # the mark
    wide = np.flatnonzero((picture[-14:].min(-1) > 120).any(0))
    assert wide.max() - wide.min() > 100


def test_brightness_is_that_of_the_brain():
    image = volume()
    image.array[:] = np.linspace(0, 100, SIDE, dtype=np.float32)[:, None, None]
    inside = np.zeros(image.array.shape, bool)
    inside[SIDE // 4 : SIDE // 2] = True
    masks = np.zeros((3, *image.array.shape), bool)
    row = burnt_in(image, masks, inside, COLOURS, "T1", ["", "", ""])[0, SIDE // 3, 20:-20, 0]
    assert (row[: SIDE // 4 - 20] == 0).all()
    assert (row[SIDE // 2 - 20 :] == 255).all()
    assert (np.diff(row.astype(int)) >= 0).all()
