"""What the viewer is given of a page: bits for masks, whoever drew them, on one grid, of one size."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.labels import BRATS
from oncontour.review.study.page.pictures import NO_IMAGE, Pictures
from oncontour.review.study.rating import next_item

from .conftest import SHAPE, save


def array(content: bytes) -> np.ndarray:
    return np.asarray(nibabel.Nifti1Image.from_bytes(content).dataobj)


def test_each_mask_has_a_bit_of_its_own(make_pages):
    study = make_pages()
    item = next_item(study, "anna")
    shown = Pictures(study).shown(item)
    bits = array(shown.regions)
    assert nibabel.aff2axcodes(nibabel.Nifti1Image.from_bytes(shown.regions).affine) == ("R", "A", "S")
    for n, mask in enumerate(item.masks):
        kept = nibabel.as_closest_canonical(nibabel.load(mask.file))
        np.testing.assert_array_equal(bits >> n & 1, np.asarray(kept.dataobj))
    assert shown.names == ("1", "2")
    assert set(shown.images) == {"T1CE", "FLAIR"}
    assert all(array(image).shape == SHAPE for image in shown.images.values())
    assert bits[shown.centre]


def test_a_whole_label_map_has_its_regions(make_pages):
    study = make_pages(region="all", draw={"masks": 2, "experts": (1, 1), "models": (1, 1), "at_once": 1})
    item = next_item(study, "ben")
    shown = Pictures(study).shown(item)
    labels = np.asarray(nibabel.as_closest_canonical(nibabel.load(item.masks[0].file)).dataobj)
    assert shown.names == ("WT", "TC", "ET")
    for n, region in enumerate(BRATS.encode(labels)):
        np.testing.assert_array_equal(array(shown.regions) >> n & 1, region)


def test_masks_alone_are_shown_on_black(make_pages):
    study = make_pages(images=None)
    shown = Pictures(study).shown(next_item(study, "ben"))
    assert set(shown.images) == {NO_IMAGE}
    assert not array(shown.images[NO_IMAGE]).any()


def test_images_on_another_grid_come_onto_that_of_the_masks(make_pages):
    study = make_pages()
    item = next_item(study, "anna")
    path = item.images["T1CE"]
    there = np.zeros((22, 24, 26), np.float32)
    there[5, 6, 7] = 1000
    affine = np.diag([-2.0, -2.0, 2.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(there, affine), path)
    shown = Pictures(study).shown(item)
    brightest = np.unravel_index(array(shown.images["T1CE"]).argmax(), SHAPE)
    found = nibabel.Nifti1Image.from_bytes(shown.images["T1CE"]).affine @ [*brightest, 1]
    np.testing.assert_allclose(found[:3], (affine @ [5, 6, 7, 1])[:3], atol=1.01)


def test_what_cannot_be_read_is_told_to_the_server_alone(make_pages):
    study = make_pages()
    item = next_item(study, "anna")
    item.masks[0].file.write_bytes(b"no image")
    told = []
    with pytest.raises(InputError) as caught:
        Pictures(study, told.append).shown(item)
    assert caught.value.__cause__ is None
    assert item.masks[0].file.name not in str(caught.value)
    assert item.masks[0].file.name in told[0]


def test_an_empty_mask_looks_like_any_other_answer(make_pages):
    """Its size, where the viewer begins, and that it is there at all."""
    study = make_pages(draw={"masks": 1, "experts": (1, 1), "models": (0, 0)})
    item = next_item(study, "ben")
    whole = len(Pictures(study).shown(item).regions)
    save(np.zeros(SHAPE, np.uint8), item.masks[0].file, "")
    shown = Pictures(study).shown(item)
    assert len(shown.regions) == whole
    assert shown.centre == tuple(size // 2 for size in SHAPE)
