"""A patient over time on the page, and two scans beside one another."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_masks, read_nifti, write_nifti
from oncontour.review.page.app import review_app
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.follow_ups import FollowUps
from oncontour.review.results.gallery import Gallery
from oncontour.web.serve import serving

from .contrast import LEAST, contrasts
from .doors import by_link
from .screen import shows_none, tumour

pytestmark = pytest.mark.slow

SHIFT_VOXELS = 4
"""Of the second scan's head along the first axis, 2 mm each."""


@pytest.fixture
def visits(results):
    """Two scans of one head: in the second it has moved, and of the lesion half is left."""
    first, second = results / "results" / "case-1", results / "results" / "case-2"
    shutil.copytree(results / "studies" / "case-1", results / "studies" / "case-2")
    shutil.copytree(first, second)
    image = read_nifti(results / "studies" / "case-1" / "t1ce.nii.gz")
    moved = np.roll(image.array, SHIFT_VOXELS, axis=0)
    write_nifti(image.with_array(moved), results / "studies" / "case-2" / "t1ce.nii.gz")
    for folder in (first, second):
        regions = read_masks(folder / "regions.nii.gz")
        masks = regions.array.copy()
        if folder == second:
            masks = np.roll(masks, SHIFT_VOXELS, axis=1)
            masks[:, :, :30] = False
        write_nifti(Volume(masks, regions.affine), folder / "regions.nii.gz", "bool")
        labels = Volume(BRATS.decode(masks), regions.affine)
        write_nifti(labels, folder / "segmentation.nii.gz", "uint8")
        content = json.loads((folder / "measurements.json").read_text())
        for region, mask in zip(content["regions"], masks, strict=True):
            region |= {"volume_ml": np.count_nonzero(mask) * 0.008, "certainty": None}
        content |= {"schema": "oncontour/measurements/1", "model": "none"}
        (folder / "measurements.json").write_text(json.dumps(content))
    table = results / "patient-1.csv"
    table.write_text("date,mask\n2024-03-17,results/case-1\n2024-06-18,results/case-2\n")
    return table


@pytest.fixture
def followed(visits, results, chromium, tmp_path_factory):
    """The page with the follow-up shown, and all that the browser was told."""
    gallery = Gallery(FolderCases(results / "results", [results / "studies"], tmp_path_factory.mktemp("unpacked")))
    follow_ups = FollowUps([visits], gallery.results)
    with serving(review_app(gallery, by_link(), follow_ups=follow_ups), "127.0.0.1", 0, "review") as port:
        context = chromium.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.failures, page.origin = [], f"http://127.0.0.1:{port}/"
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.goto(f"{page.origin}?token=secret")
        page.wait_for_selector("body[data-drawn]", timeout=60_000)
        page.get_by_role("button", name="patient-1").click()
        page.wait_for_selector("#follow[data-shown]", timeout=30_000)
        yield page
        assert page.failures == []
        context.close()


def test_curves_table_and_rules(followed):
    rows = followed.locator("#scans tbody tr")
    assert [rows.nth(n).locator("th").inner_text() for n in range(rows.count())] == ["Day 0", "Day 93"]
    assert followed.locator("#follow svg").count() == 2
    assert followed.locator("#follow svg .mark").count() == 4
    words = followed.locator("#follow dl").inner_text()
    assert "less than at baseline" in words
    assert "size criterion of" in words
    assert [text for text, ratio in contrasts(followed) if ratio < LEAST] == []


def test_no_date_is_told(followed):
    told = followed.request.get(f"{followed.origin}api/follow-ups/patient-1").text()
    assert '"day":93' in told.replace(" ", "")
    assert "2024" not in told + followed.content()


def test_a_mark_opens_its_scan_by_keyboard(followed):
    followed.locator("#follow svg .mark").nth(1).focus()
    followed.keyboard.press("Enter")
    followed.wait_for_selector("body[data-drawn^='case-2']", timeout=60_000)
    assert followed.locator("#follow").is_hidden()


def test_two_scans_show_the_same_place(followed):
    """The head has moved by 8 mm: the same place is the lesion's in both, and both leave it together."""
    followed.get_by_role("button", name="Beside day 0").click()
    followed.wait_for_selector("#other[data-linked='case-2']", timeout=90_000)
    assert followed.locator("#linked").inner_text().startswith("Linked by rigid registration")
    assert [followed.locator(f"#{one}").inner_text() for one in ("day", "other-day")] == ["Day 0", "Day 93"]
    cells = followed.locator("#difference tbody tr").first.locator("td").all_inner_texts()
    first, second, change = (float(cell.replace("−", "-")) for cell in cells[:3])
    assert change == pytest.approx(second - first, abs=0.11)
    assert change < 0
    both = [followed.locator("#stage"), followed.locator("#other")]
    wait_for(followed, both, lambda image: len(tumour(image)) > 100)
    followed.locator("#viewer").hover()
    for _ in range(12):
        followed.mouse.wheel(0, 100)
    wait_for(followed, both, shows_none)


def wait_for(page, places, wanted):
    """Until both drawings are as wanted."""
    import io

    from PIL import Image

    for _ in range(200):
        images = [np.asarray(Image.open(io.BytesIO(one.screenshot())).convert("RGB")).astype(int) for one in places]
        if all(wanted(image) for image in images):
            return
        page.wait_for_timeout(100)
    raise AssertionError([len(tumour(image)) for image in images])
