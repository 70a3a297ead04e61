"""Corrections and marks in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.data.nifti import read_voxels
from oncontour.postprocess.components import label_components

from .conftest import FIRST_DRAWING_MS
from .screen import drawn, pixels, shows_none, shows_tumour, tumour

pytestmark = pytest.mark.slow

PATIENT_MS = 60_000
"""Drawing and saving are slow in software, beside other tests."""


def edit(page, region: str, tool: str) -> None:
    """Axial alone, with a tool for a region."""
    page.keyboard.press("a")
    page.keyboard.press("m")
    page.keyboard.press(tool)
    page.locator("#region").get_by_text(region, exact=True).click()


def paint(page, across: float, up: float, by: int = 40) -> None:
    """A stroke of the mouse; places are shares of the stage."""
    stage = page.locator("#viewer").bounding_box()
    x, y = stage["x"] + across * stage["width"], stage["y"] + up * stage["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + by, steps=3)
    page.mouse.up()


def save(page, number: int, note: str = "") -> None:
    page.keyboard.press("Control+s")
    page.locator("#save-note").fill(note)
    page.keyboard.press("Enter")
    if number == 1:
        page.locator("#who-name").fill("Jane Doe")
        page.keyboard.press("Enter")
    page.get_by_text(f"Saved as version {number}.").wait_for(timeout=PATIENT_MS)


def unsaved(page, yes: bool) -> None:
    page.locator(f'body[data-unsaved="{str(yes).lower()}"]').wait_for(timeout=PATIENT_MS)


def volume(page, region: str) -> float:
    return float(page.locator("#regions tbody tr", has_text=region).locator("td").first.inner_text())


def test_what_is_painted_on_the_patients_left_is_kept_on_the_left(page, results):
    before = volume(page, "ET")
    edit(page, "ET", "b")
    paint(page, 0.62, 0.3)
    unsaved(page, True)
    save(page, 1, "a satellite")
    assert volume(page, "ET") > before
    labels, _ = read_voxels(results / "results" / "case-1" / "review" / "versions" / "1" / "segmentation.nii.gz")
    painted = labels.grid.to_world(np.argwhere(labels.array == 3))
    satellite = painted[painted[:, 1] > 20]  # In front of the lesion.
    assert len(satellite) > 10
    assert (satellite[:, 0] < 0).all()
    assert np.ptp(satellite[:, 2]) == 0  # A disc of the slice painted on.
    page.reload()
    page.wait_for_selector('body[data-drawn^="case-1"]', timeout=FIRST_DRAWING_MS)
    current = page.locator('#versions [aria-current="true"]')
    assert current.inner_text() == "Version 1"
    assert page.locator("#case-list").get_by_text("corrected, version 1").is_visible()
    assert volume(page, "ET") > before


def test_a_stroke_is_undone_and_done_again(page):
    edit(page, "WT", "b")
    paint(page, 0.4, 0.4)
    paint(page, 0.5, 0.4)
    said = page.locator("#edit-state").inner_text()
    assert said.startswith("Not saved: WT +")
    page.keyboard.press("Control+z")
    assert page.locator("#edit-state").inner_text() != said
    page.keyboard.press("Control+z")
    unsaved(page, False)
    assert page.locator("#save").is_disabled()
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    assert page.locator("#edit-state").inner_text() == said


def test_an_island_is_deleted_and_another_relabelled(page, results):
    edit(page, "ET", "l")
    image = drawn(page, shows_tumour)
    down, across = tumour(image).mean(axis=0)
    place = {"x": float(across), "y": float(down)}
    page.locator("#viewer").click(position=place)
    assert page.locator("#edit-state").inner_text() == "No ET there."  # It begins a slice further up.
    page.locator("#region").get_by_text("TC", exact=True).click()
    page.locator("#becomes-region").get_by_text("WT", exact=True).click()
    page.locator("#viewer").click(position=place)
    drawn(page, shows_none)
    unsaved(page, True)
    page.keyboard.press("i")
    page.locator("#region").get_by_text("WT", exact=True).click()
    page.locator("#viewer").click(position=place)
    save(page, 1)
    assert volume(page, "WT") == 0
    labels, _ = read_voxels(results / "results" / "case-1" / "review" / "versions" / "1" / "segmentation.nii.gz")
    assert not labels.array.any()


def test_what_is_not_saved_outlives_a_reload_and_is_not_left_unasked(page):
    edit(page, "TC", "b")
    paint(page, 0.4, 0.4)
    save(page, 1)
    paint(page, 0.5, 0.6)
    unsaved(page, True)
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.wait_for_selector('body[data-drawn^="case-1"]', timeout=FIRST_DRAWING_MS)
    unsaved(page, True)
    assert "are here again" in page.locator("#edit-state").inner_text()
    page.get_by_role("button", name="Model's own").click()
    page.locator("#leave").get_by_text("Stay").click()
    unsaved(page, True)
    page.get_by_role("button", name="Model's own").click()
    page.locator("#leave").get_by_text("Discard").click()
    unsaved(page, False)
    page.locator('#versions [aria-current="true"]', has_text="Model's own").wait_for(timeout=PATIENT_MS)


def test_versions_are_compared(page):
    page.keyboard.press("o")  # Outlines, so that nothing else is white.
    edit(page, "WT", "b")
    paint(page, 0.4, 0.4)
    save(page, 1)
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    before = int((pixels(page).min(axis=2) > 250).sum())
    page.locator("#versions li").last.get_by_text("Compare").click()
    compared = drawn(page, lambda image: (image.min(axis=2) > 250).sum() > before + 100)
    assert (compared.min(axis=2) > 250).sum() > before + 100


def test_a_mark_is_kept_as_the_text_it_is(page, results):
    reason = '<img src=x onerror="document.title=1"> misses the rim'
    page.locator("#mark-poor").click()
    page.locator("#mark-reason").fill(reason)
    page.keyboard.press("Enter")
    page.locator("#who-name").fill("Jane <b>Doe</b>")
    page.keyboard.press("Enter")
    page.locator("#marks-said").get_by_text("misses the rim").wait_for(timeout=PATIENT_MS)
    assert reason in page.locator("#marks-said").inner_text()
    assert page.locator("#marks-said img, #marks-said b").count() == 0
    assert page.locator("#case-list .reviewed").inner_text() == "poor"
    assert (results / "results" / "case-1" / "review" / "marks.jsonl").exists()


ISLAND = """async ([shape, voxels, place]) => {
  const { island } = await import("/static/strokes.js");
  return island({ shape, voxels: Uint8Array.from(voxels) }, place, 2);
}"""
WITHIN = """async ([shape, spacing, place, radius, axis]) => {
  const { within } = await import("/static/strokes.js");
  return within({ shape, spacing }, place, radius, axis);
}"""
TRAVEL = """async ([states, strokes]) => {
  const { History, Stroke } = await import("/static/history.js");
  const voxels = Uint8Array.from(states);
  const history = new History();
  const seen = [[...voxels]];
  const next = Uint8Array.from({ length: 256 }, (_, n) => (n + 1) % 8);
  for (const places of strokes) {
    const stroke = new Stroke();
    for (const part of [places, places.slice(1)]) stroke.apply(voxels, part, next);
    const change = stroke.end(voxels);
    if (!change) continue;
    history.add(change);
    seen.push([...voxels]);
  }
  const back = [[...voxels]];
  while (history.undo(voxels)) back.push([...voxels]);
  const again = [[...voxels]];
  while (history.redo(voxels)) again.push([...voxels]);
  return [seen, back, again];
}"""


def test_shapes_islands_and_history_are_what_others_find(page):
    rng = np.random.default_rng(3)
    shape = (7, 6, 5)
    for seed in range(12):
        states = rng.choice([0, 1, 2, 3], shape, p=[0.4, 0.2, 0.2, 0.2]).astype(np.uint8)
        place = tuple(int(rng.integers(size)) for size in shape)
        labels, _ = label_components((states & 2).astype(bool), 26)
        there = labels[place]
        wanted = np.flatnonzero((labels == there).ravel(order="F")) if there else np.array([], int)
        found = page.evaluate(ISLAND, [shape, states.ravel(order="F").tolist(), place])
        assert sorted(found) == wanted.tolist()
        spacing, radius, axis = (1.0, 0.7, 2.0), 1.0 + seed / 4, (None, 0, 1, 2)[seed % 4]
        middle = np.array([float(rng.uniform(0, size - 1)) for size in shape])
        if axis is not None:
            middle[axis] = round(middle[axis])
        apart = (np.indices(shape).T - middle) * spacing
        squared = (apart**2).sum(-1).T
        near = squared <= radius**2
        if axis is not None:
            near &= np.indices(shape)[axis] == middle[axis]
        covered = page.evaluate(WITHIN, [shape, spacing, middle.tolist(), radius, axis])
        assert sorted(covered) == np.flatnonzero(near.ravel(order="F")).tolist()
    strokes = [rng.integers(0, 50, 8).tolist() for _ in range(6)]
    seen, back, again = page.evaluate(TRAVEL, [rng.integers(0, 8, 50).tolist(), strokes])
    assert back == seen[::-1]
    assert again == seen
