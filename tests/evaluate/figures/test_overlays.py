"""Masks on sequences: the right slice, the right side, the right scores."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.errors import GeometryError, InputError
from oncontour.core.labels import BRATS, PAEDIATRIC
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.evaluate.figures.overlays import overlays
from oncontour.evaluate.metrics import dice

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])


@pytest.fixture
def case():
    """A head, in RAS, with a tumour on the patient's right whose largest area is in slice 7."""
    head = np.zeros((40, 44, 16), np.float32)
    head[4:36, 4:40, 2:14] = 50 + np.arange(12)
    labels = np.zeros(head.shape, np.uint8)
    labels[26:34, 20:30, 5:9] = 2
    labels[26:35, 20:32, 7] = 2
    labels[28:31, 22:26, 6:9] = 3
    found = np.roll(labels, 1, axis=1)
    images = {Sequence.T1CE: Volume(head, AFFINE), Sequence.FLAIR: Volume(head * 2, AFFINE)}
    return images, {"expert": Volume(labels, AFFINE), "model": Volume(found, AFFINE)}


def test_rows_are_sources_and_columns_sequences(case):
    images, sources = case
    figure, rows = overlays(images, sources, BRATS)
    assert len(figure.axes) == 4
    assert [axes.get_title() for axes in figure.axes] == ["T1CE", "FLAIR", "", ""]
    words = [text.get_text() for text in figure.texts]
    assert {"expert", "model", "WT", "TC", "ET"} <= set(words)
    assert any("z 21 mm" in text for text in words)
    assert [row["source"] for row in rows] == ["expert"] * 3 + ["model"] * 3
    whole = [np.isin(volume.array, (1, 2, 3)) for volume in sources.values()]
    assert rows[0]["dice"] is None
    assert rows[3]["dice"] == dice(whole[1], whole[0])
    assert rows[3]["volume_ml"] == pytest.approx(whole[1].sum() * 12 / 1000)
    assert rows[3]["rvd"] == 0


@pytest.mark.parametrize("codes", ["RAS", "LPS", "SAL"])
def test_the_patients_right_is_on_the_left_with_its_letter(case, codes):
    images, sources = case
    turned = {sequence: image.reoriented(codes) for sequence, image in images.items()}
    figure, _ = overlays(turned, {name: volume.reoriented(codes) for name, volume in sources.items()}, BRATS)
    axes = figure.axes[0]
    painted = np.asarray(axes.images[1].get_array())[..., 3] > 0
    assert np.nonzero(painted)[1].max() < painted.shape[1] / 2
    placed = {text.get_text(): text.get_position()[0] for text in axes.texts}
    assert placed["R"] < 0.1
    assert placed["L"] > 0.9


def test_inner_regions_cover_outer_ones(case):
    images, sources = case
    figure, _ = overlays(images, sources, BRATS)
    painted = np.asarray(figure.axes[0].images[1].get_array())
    colours = {tuple(np.round(pixel[:3] * 255).astype(int)) for pixel in painted[painted[..., 3] > 0]}
    assert colours == {BRATS.region("WT").colour, BRATS.region("ET").colour}


def test_a_bar_of_five_centimetres_in_the_first_picture(case):
    figure, _ = overlays(*case, BRATS)
    bars = [line.get_xdata() for axes in figure.axes for line in axes.lines]
    assert [abs(x[1] - x[0]) for x in bars] == [50.0]


def test_regions_can_be_chosen_and_nothing_marked_is_fine(case):
    images, sources = case
    nothing = np.zeros_like(sources["expert"].array)
    empty = {"expert": sources["expert"].with_array(nothing), "model": sources["model"]}
    _, rows = overlays(images, empty, PAEDIATRIC, ("ED", "NET", "ET"))
    assert [row["region"] for row in rows[:3]] == ["ED", "NET", "ET"]
    assert rows[0]["volume_ml"] == 0
    assert np.isnan(rows[4]["rvd"])


def test_other_grids_and_nothing_are_refused(case):
    images, sources = case
    moved = AFFINE.copy()
    moved[0, 3] = 3
    with pytest.raises(GeometryError, match="model"):
        overlays(images, {**sources, "model": Volume(sources["model"].array, moved)}, BRATS)
    with pytest.raises(InputError):
        overlays(images, {}, BRATS)
    with pytest.raises(InputError, match="'XX'"):
        overlays(images, sources, BRATS, ("XX",))
