import dataclasses
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from oncontour.core.labels import BRATS
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence
from oncontour.drawing.views import AXIAL, CORONAL, SAGITTAL, VIEWS
from oncontour.report import pictures
from oncontour.report.pictures import montage, montage_png


def pixels_of(case, dpi=100):
    return np.asarray(Image.open(BytesIO(montage_png(case, dpi)))).astype(int)


def panel(pixels, row, column, rows=2):
    height, width = pixels.shape[0] / rows, pixels.shape[1] / 3
    return pixels[
        round(row * height) + 2 : round((row + 1) * height) - 2,
        round(column * width) + 2 : round((column + 1) * width) - 2,
    ]


def without_outlines(case):
    return dataclasses.replace(case, regions=case.regions.with_array(np.zeros_like(case.regions.array)))


def bright_place(part):
    """(x, y) of the bright tumour, as shares of the picture; letters, titles and bar lie outside the middle part."""
    height, width = part.shape[:2]
    inner = (part.min(axis=2) > 250)[
        round(0.15 * height) : round(0.85 * height), round(0.08 * width) : round(0.92 * width)
    ]
    y, x = np.nonzero(inner)
    return 0.08 + x.mean() / width, 0.15 + y.mean() / height


@pytest.mark.parametrize("codes", ["RAS", "LPS", "SAL"])
def test_the_tumour_on_the_patients_right_is_drawn_on_the_pictures_left(case, codes):
    """Front and top as well; whatever the orientation of the arrays."""
    turned = dataclasses.replace(
        case,
        images={sequence: volume.reoriented(codes) for sequence, volume in case.images.items()},
        brain=case.brain.reoriented(codes),
        regions=case.regions.reoriented(codes),
    )
    assert codes in ALL_ORIENTATIONS
    pixels = pixels_of(turned)
    for row in range(2):
        for column, view in enumerate(VIEWS):
            x, y = bright_place(panel(pixels, row, column))
            assert x < 0.42, view.name  # right in axial and coronal pictures, front in sagittal ones
            assert y < 0.45, view.name  # front in axial pictures, top in the others


def test_letters_stand_on_their_sides(case):
    figure = montage(case)
    figure.canvas.draw()
    for axes, view in zip(figure.axes, (*VIEWS, *VIEWS), strict=True):
        low, high = axes.get_window_extent().min, axes.get_window_extent().max
        for letter, (x, y) in {
            view.left: (0.05, 0.5),
            view.right: (0.95, 0.5),
            view.top: (0.5, 0.95),
            view.bottom: (0.5, 0.05),
        }.items():
            (text,) = [text for text in axes.texts if text.get_text() == letter]
            box = text.get_window_extent()
            middle = ((box.min + box.max) / 2 - low) / (high - low)
            assert middle == pytest.approx((x, y), abs=0.05), (view.name, letter)
    assert (AXIAL.left, AXIAL.right, AXIAL.top, AXIAL.bottom) == ("R", "L", "A", "P")
    assert (CORONAL.left, CORONAL.right, CORONAL.top, CORONAL.bottom) == ("R", "L", "S", "I")
    assert (SAGITTAL.left, SAGITTAL.right, SAGITTAL.top, SAGITTAL.bottom) == ("A", "P", "S", "I")


def test_letters_are_drawn_into_the_pixels(case, monkeypatch):
    with_letters = pixels_of(case)
    monkeypatch.setattr(pictures, "_write_letters", lambda *_: None)
    changed = np.abs(with_letters - pixels_of(case)).sum(axis=2) > 0
    for row in range(2):
        for column in range(3):
            part = panel(changed, row, column)
            height, width = part.shape
            sides = part[:, : width // 10], part[:, -width // 10 :], part[: height // 10], part[-height // 10 :]
            assert all(side.any() for side in sides)
            assert not part[height // 5 : -height // 5, width // 5 : -width // 5].any()


def test_the_bar_is_five_centimetres_of_the_picture(case):
    axes = montage(case).axes[0]
    (bar,) = axes.lines
    x = bar.get_xdata()
    assert abs(x[1] - x[0]) == 50.0  # the picture's coordinates are mm
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    assert left - right == pytest.approx(high - low)
    extent = axes.images[0].get_extent()
    assert extent[0] == pytest.approx(60 * 3.0)  # 60 voxels of 3 mm


def test_outlines_have_the_schemes_colours_and_enclose_the_tumour(case):
    part = panel(pixels_of(case, dpi=160), 0, 0)
    plain = panel(pixels_of(without_outlines(case), dpi=160), 0, 0)
    x, _ = bright_place(part)
    for region in BRATS.regions:
        near = np.abs(part - region.colour).max(axis=2) < 40
        columns = np.nonzero(near)[1] / part.shape[1]
        assert columns.size > 20, region.name
        assert columns.min() < x < columns.max()
        assert not (np.abs(plain - region.colour).max(axis=2) < 40).any()


def test_titles_name_sequence_plane_and_place(case):
    figure = montage(case)
    written = [text.get_text() for text in figure.axes[0].texts]
    assert "T1CE" in written
    assert f"axial  z {(36 * 3 - 70)} mm" in written
    assert "FLAIR" in [text.get_text() for text in figure.axes[3].texts]
    assert [text.get_text() for text in figure.axes[2].texts][-3:] == ["WT", "TC", "ET"]


@pytest.mark.parametrize(
    ("available", "shown"),
    [
        (["T1", "T2", "FLAIR", "T1CE"], ["T1CE", "FLAIR"]),
        (["T1", "T2", "FLAIR"], ["FLAIR", "T2"]),
        (["T1", "T2"], ["T2", "T1"]),
        (["T2"], ["T2"]),
    ],
)
def test_the_best_available_sequences_are_shown(case, available, shown):
    image = case.images[Sequence.T1CE]
    figure = montage(dataclasses.replace(case, images={Sequence(name): image for name in available}))
    assert [axes.texts[4].get_text() for axes in figure.axes[::3]] == shown


def test_without_tumour_or_brain_there_is_still_a_picture(case):
    empty = without_outlines(case)
    bare = dataclasses.replace(empty, brain=case.brain.with_array(np.zeros_like(case.brain.array)))
    for drawn in (empty, bare):
        assert pixels_of(drawn, dpi=50).max() > 200
    assert not any(text.get_text() == "WT" for text in montage(empty).axes[2].texts)


def test_stray_voxels_of_the_brain_mask_do_not_shrink_the_picture(case):
    brain = case.brain.array.copy()
    brain[0, 0, 0] = brain[-1, -1, -1] = True
    stray = dataclasses.replace(case, brain=case.brain.with_array(brain))
    assert montage(stray).axes[0].get_xlim() == montage(case).axes[0].get_xlim()
