"""The page in a real browser: what is drawn, where, and that nothing else is asked."""

from __future__ import annotations

import numpy as np
import pytest

from .screen import drawn, shows_none, shows_tumour, tumour

pytestmark = pytest.mark.slow


def reads_l(image: np.ndarray, left: int) -> bool:
    """Whether the letter halfway up a strip 40 pixels wide is an L: ink down its left side and along its foot alone."""
    middle = image.shape[0] // 2
    ink = image[middle - 12 : middle + 12, left : left + 40].min(axis=2) > 110
    if not ink.any():
        return False
    rows, columns = np.nonzero(ink)
    letter = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    high, wide = letter.shape
    upper_right = letter[: high // 2, wide // 2 :]
    return bool(letter[:, 0].all() and letter[-1].all() and not upper_right.any())


def test_a_lesion_on_the_patients_left_is_on_the_right_of_the_screen(page):
    page.keyboard.press("a")
    image = drawn(page, lambda image: shows_tumour(image) and reads_l(image, image.shape[1] - 40))
    assert tumour(image)[:, 1].mean() > image.shape[1] * 0.6
    assert not reads_l(image, 0)


def test_regions_are_switched_off_and_on(page):
    page.keyboard.press("a")
    first = drawn(page, shows_tumour)
    page.keyboard.press("Space")
    assert len(tumour(drawn(page, shows_none))) < len(tumour(first)) / 20
    page.keyboard.press("Space")
    assert len(tumour(drawn(page, shows_tumour))) == pytest.approx(len(tumour(first)), rel=0.05)


def test_the_wheel_goes_through_the_slices(page):
    page.keyboard.press("a")
    drawn(page, shows_tumour)
    page.locator("#viewer").hover()
    for _ in range(12):
        page.mouse.wheel(0, 100)
    assert not shows_tumour(drawn(page, shows_none))


def test_nothing_is_asked_of_anyone_else(page):
    drawn(page, shows_tumour)
    others = [url for url in page.asked if not url.startswith((page.origin, "data:", f"blob:{page.origin}"))]
    assert others == []
    assert len(page.asked) > 5
