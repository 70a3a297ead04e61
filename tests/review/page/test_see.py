"""Three dimensions, small pictures, and what a keyboard and weak eyes need."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from .contrast import LEAST, contrasts
from .screen import drawn, tumour

pytestmark = pytest.mark.slow

HALF_TURN = 12
"""Presses of an arrow key."""


def solid_shows(image: np.ndarray) -> bool:
    return len(tumour(image)) > 150


def test_in_three_dimensions_the_left_is_on_the_right_from_the_front_and_on_the_left_from_the_back(page):
    page.keyboard.press("d")
    page.wait_for_selector("#solid[data-rested='from the front and the right']", timeout=30_000)
    image = drawn(page, solid_shows)
    assert tumour(image)[:, 1].mean() > image.shape[1] * 0.55
    page.locator("#solid").focus()
    for _ in range(HALF_TURN):
        page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#solid[data-rested='from the back and the left']", timeout=30_000)
    image = drawn(page, solid_shows)
    assert tumour(image)[:, 1].mean() < image.shape[1] * 0.5


def test_a_click_on_a_region_goes_there(page):
    before = page.locator("#place").inner_text()
    page.keyboard.press("d")
    page.wait_for_selector("#solid[data-rested]", timeout=30_000)
    row, column = tumour(drawn(page, solid_shows)).mean(axis=0)
    page.locator("#solid").click(position={"x": column, "y": row})
    page.wait_for_function("before => document.getElementById('place').value !== before", arg=before)
    x, y, z = (float(part) for part in page.locator("#place").inner_text().split(" mm")[0].split(","))
    assert -52 < x < -30  # The lesion reaches from -51 to -31 mm,
    assert -2 < y < 20  # from -1 to 17
    assert -9 < z < 11  # and from -7 to 11.


def test_the_list_shows_the_lesion_on_the_right(page):
    picture = page.locator("#case-list img.there")
    picture.wait_for(timeout=30_000)
    answer = page.request.get(f"{page.origin}api/cases/case-1/thumbnail.png")
    image = np.asarray(Image.open(io.BytesIO(answer.body())).convert("RGB")).astype(int)
    coloured = np.argwhere(np.ptp(image, axis=2) > 60)
    assert len(coloured) > 10
    assert coloured[:, 1].min() > image.shape[1] * 0.5


def test_words_stand_out(page):
    page.keyboard.press("?")
    texts = contrasts(page)
    assert len(texts) > 60
    assert [(text, round(ratio, 2)) for text, ratio in texts if ratio < LEAST] == []


def test_whatever_has_the_keyboard_shows_it(page):
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            """(() => {
              const at = document.activeElement;
              const style = getComputedStyle(at);
              const name = at === document.body ? "nothing" : at.id || at.textContent || at.ariaLabel;
              return [name, `${style.outlineStyle} ${style.outlineWidth}`];
            })()"""
        )
        reached.add(name)
        assert outline.startswith("solid") or name == "nothing", name
    assert {"case-list", "viewer", "solid", "opacity", "outline", "reset"} <= reached
