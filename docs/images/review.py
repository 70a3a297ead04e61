"""Draw docs/images/review*.png but review-node.png: the review page. Run from the repository's root, after `make demo`.

One case is the demo's, as it came out, then corrected. The follow-up is a phantom's, whose tumour was shrunk and grown
in the images and in its own masks: nothing is predicted there, and its intervals are assumed. Needs Debian's
Chromium. Another folder for the pictures, and a width and height in pixels, may be given.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from follow import measurements
from numpy.typing import NDArray
from playwright.sync_api import Page
from scipy.ndimage import map_coordinates
from served import served, shoot, wanted

from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.data.phantom.case import PhantomCase, Spec, make_case
from oncontour.data.phantom.mni import load_mni

DEMO = Path("demo")
SEED, REACH_MM = 6, 45.0
SCANS = {0: 1.0, 42: 0.8, 93: 0.66, 140: 0.85}
"""Size of the tumour on each day."""

SETTLED_MS = 6000


def main() -> None:
    """The demo's case, then the patient."""
    out, size = wanted(__file__)
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(DEMO / "result", folder / "result")
        with served(["review", folder / "result", "--studies", DEMO / "study"], size) as page:
            page.wait_for_selector("body[data-loaded]", timeout=300_000)
            page.wait_for_selector("#case-list img.there", timeout=300_000)
            page.wait_for_timeout(SETTLED_MS)
            shoot(page, out / "review.png")
            correct(page)
            shoot(page, out / "review-edit.png")
    with TemporaryDirectory() as name:
        folder = Path(name)
        table = write_patient(folder)
        arguments = ["review", folder / "results", "--studies", folder / "studies", "--visits", table]
        with served(arguments, size) as page:
            page.wait_for_selector("body[data-loaded]", timeout=300_000)
            page.get_by_role("button", name="patient-1").click()
            page.wait_for_selector("#follow[data-shown]", timeout=60_000)
            page.locator("#case-list img.there").nth(len(SCANS) - 1).wait_for(timeout=300_000)
            shoot(page, out / "review-follow.png")
            page.get_by_role("button", name="Beside day 0").nth(1).click()
            page.wait_for_selector("#other[data-linked]", timeout=300_000)
            page.wait_for_timeout(SETTLED_MS)
            shoot(page, out / "review-beside.png")


def correct(page: Page) -> None:
    """Paint oedema, save it as a version, mark that; then paint core, beside the model's own outlines."""
    page.keyboard.press("v")
    page.keyboard.press("m")
    paint(page, "WT", [(0.33, 0.57), (0.35, 0.63), (0.39, 0.63), (0.41, 0.57)])
    page.keyboard.press("Control+s")
    page.fill("#save-note", "Oedema behind it was missed")
    page.keyboard.press("Enter")
    page.fill("#who-name", "Jane Doe")
    page.keyboard.press("Enter")
    page.get_by_text("Saved as version 1.").wait_for(timeout=120_000)
    page.wait_for_timeout(SETTLED_MS)
    page.locator("#mark-useful").click()
    page.fill("#mark-reason", "Good enough for volumetry")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Compare").last.click()
    paint(page, "TC", [(0.32, 0.42), (0.35, 0.4), (0.39, 0.42)])
    page.wait_for_timeout(SETTLED_MS)


def paint(page: Page, region: str, through: list[tuple[float, float]]) -> None:
    """A stroke of the brush in the axial picture, by shares of the viewer's width and height."""
    page.keyboard.press("b")
    page.locator("#region").get_by_role("radio", name=region).click()
    box = page.locator("#viewer").bounding_box()
    assert box is not None, "the viewer is shown"
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in through]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def write_patient(folder: Path) -> Path:
    """Scans and results as `oncontour segment` leaves them; a table of visits."""
    case = make_case(load_mni(), SEED, Spec(skull=True), threads=2)
    lines = ["day,mask"]
    for day, scale in SCANS.items():
        name = f"scan-{day:03d}"
        write_scan(case, scale, folder / "studies" / name, folder / "results" / name)
        lines.append(f"{day},results/{name}")
    table = folder / "patient-1.csv"
    table.write_text("\n".join(lines))
    return table


def write_scan(case: PhantomCase, scale: float, study: Path, result: Path) -> None:
    """The head with its tumour scaled about its middle; what lies around gives way."""
    at = shrunk(case, scale)
    study.mkdir(parents=True)
    result.mkdir(parents=True)
    for sequence, image in case.images.items():
        moved = map_coordinates(1000 * image, at, order=1)
        write_nifti(Volume(moved, case.affine), study / f"{str(sequence).lower()}.nii.gz")
    labels = Volume(map_coordinates(case.labels, at, order=0), case.affine)
    masks = Volume(BRATS.encode(labels.array), case.affine)
    write_nifti(labels, result / "segmentation.nii.gz", "uint8")
    write_nifti(masks, result / "regions.nii.gz", "bool")
    contents: Mapping[str, Mapping[str, object]] = {
        "measurements": {**measurements(masks), "case": result.name, "reference": "T1CE"},
        "quality": {"verdict": "ok", "checks": [], "notes": [], "missing": []},
        "transforms": {"transforms": {str(sequence): np.eye(4).tolist() for sequence in case.images}},
    }
    for name, content in contents.items():
        (result / f"{name}.json").write_text(json.dumps(content))


def shrunk(case: PhantomCase, scale: float) -> NDArray[np.float32]:
    """(3, i, j, k): from which voxel each is taken."""
    places = np.indices(case.labels.shape, np.float32)
    middle = np.argwhere(case.labels > 0).mean(axis=0).astype(np.float32)
    away = places - middle[:, None, None, None]
    near = np.exp(-((np.linalg.norm(away, axis=0) / REACH_MM) ** 4))
    return places + away * near * (1 / scale - 1)


if __name__ == "__main__":
    main()
