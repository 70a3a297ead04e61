"""Draw docs/images/study-*.png: the pages of a reader study, of one synthetic case. Run from the repository's root.

Its tumour stands for three sources: as it is, grown, and shifted. Needs Debian's Chromium. Another folder for the
pictures, and a width and height in pixels, may be given.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from scipy.ndimage import binary_dilation, binary_erosion
from served import FLAGS, shoot, wanted

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.review.study.make import make_study
from oncontour.review.study.page.app import study_app
from oncontour.review.study.plan import StudyPlan
from oncontour.review.study.study import open_study
from oncontour.web.accounts import METADATA, set_account
from oncontour.web.guard import Door
from oncontour.web.serve import serving

SEED, SPACING_MM = 21, 1.0
PASSWORD = "one two three four"
HOSTS = ("127.0.0.1",)


def make_masks(folder: Path) -> None:
    """A case's images, and its tumour as three would draw it."""
    case = make_case(load_mni(), SEED, Spec(spacing_mm=SPACING_MM, clean=True), threads=2)
    for sequence, image in case.images.items():
        (folder / "scans" / "case-1").mkdir(parents=True, exist_ok=True)
        name = f"{str(sequence).lower()}.nii.gz"
        write_nifti(Volume(1000 * image, case.affine), folder / "scans" / "case-1" / name)
    tumour = case.labels > 0
    drawn = {
        "colleague": binary_erosion(tumour, iterations=1),
        "model-a": binary_dilation(tumour, iterations=2),
        "model-b": np.roll(tumour, 4, axis=1),
    }
    for name, mask in drawn.items():
        (folder / name).mkdir()
        labels = np.where(mask, np.where(tumour, case.labels, 2), 0).astype(np.uint8)
        write_nifti(Volume(labels, case.affine), folder / name / "case-1.nii.gz", "uint8")


def plan(folder: Path, **settings: object) -> StudyPlan:
    """One case, one rater."""
    kinds = {"colleague": "expert", "model-a": "model", "model-b": "model"}
    sources = {name: {"kind": kind, "masks": folder / name} for name, kind in kinds.items()}
    content = {"name": "Acceptability", "images": folder / "scans", "sources": sources, "raters": {"rater-1": {}}}
    return StudyPlan.model_validate(content | settings)


def visit(browser: Browser, place: str, size: tuple[int, int], pictures: dict[str, Path], keys: str) -> None:
    """Sign in, begin, answer by keys, lock."""
    study = open_study(place)
    METADATA.create_all(study.engine)
    set_account(study.engine, "rater-1", "reader", PASSWORD)
    with serving(study_app(study, Door("", accounts=study.engine), HOSTS), "127.0.0.1", 0, "study") as port:
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.on("console", lambda message: print(message.text))
        page.goto(f"http://127.0.0.1:{port}/")
        if "sign-in" in pictures:
            shoot(page, pictures["sign-in"])
        sign_in(page, "rater-1")
        page.wait_for_selector("#go:not(:empty)")
        if "instructions" in pictures:
            shoot(page, pictures["instructions"])
        page.keyboard.press("Enter")
        page.wait_for_selector('body[data-page="1"]', timeout=120_000)
        for key in keys.split():
            page.keyboard.press(key)
        page.wait_for_selector('body[data-saving="done"]')
        page.wait_for_timeout(2000)
        shoot(page, pictures["page"])
        if "end" in pictures:
            page.keyboard.press("l")
            page.keyboard.press("Enter")
            page.wait_for_selector('body[data-state="end"]')
            shoot(page, pictures["end"])
            set_account(study.engine, "office", "admin", PASSWORD)
            page.click("#cover .leave")
            page.wait_for_url("**/sign-in/")
            sign_in(page, "office")
            page.wait_for_selector("#raters tr")
            shoot(page, pictures["progress"])
        page.close()


def sign_in(page: Page, name: str) -> None:
    """On the page for it."""
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")


def main(out: Path, size: tuple[int, int]) -> None:
    """Both scales."""
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        make_masks(folder)
        make_study(plan(folder), str(folder / "likert.sqlite"))
        one = {"masks": 1, "experts": [0, 0], "models": [1, 1]}
        two_step = plan(folder, name="Two steps", scale="two-step", ask_origin=False, region="all", draw=one)
        make_study(two_step, str(folder / "two-step.sqlite"))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        named = {step: out / f"study-{step}.png" for step in ("sign-in", "instructions", "end", "progress")}
        likert = {**named, "page": out / "study-likert.png"}
        visit(
            browser,
            str(folder / "likert.sqlite"),
            size,
            likert,
            "8 ArrowDown n ArrowRight 6 ArrowDown y ArrowRight 9 ArrowDown n",
        )
        pictures = {"page": out / "study-two-step.png"}
        visit(
            browser,
            str(folder / "two-step.sqlite"),
            size,
            pictures,
            "n ArrowDown 4 ArrowDown 2 ArrowDown 1 ArrowDown y",
        )
        browser.close()


if __name__ == "__main__":
    main(*wanted(__file__))
