"""How long the review page takes from a click to a drawn case, in Chromium that draws in software.

    python benchmarks/page_speed.py [--times 5] [--cases 500] [--write docs/page-speed.md]

A phantom head of 240 x 240 x 155 voxels with four sequences is opened again and again, each time as if for the first
time: the server has read nothing, the browser keeps nothing. Then a list of many cases is opened. Prints a table; with
`--write` a page is written. Needs Chromium, playwright, and the extras `phantom` and `review`.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from markdown_table import table

from oncontour.core.grid import Grid
from oncontour.core.labels import BRATS
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.measure import measure_regions
from oncontour.preprocess.resample import resample
from oncontour.review.page.app import review_app
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.web.guard import Door
from oncontour.web.serve import serving
from oncontour.web.sessions import Person

SHAPE = (240, 240, 155)
SCREEN = {"width": 1280, "height": 800}
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking"]
STEPS = {
    "first": "first sequence and regions here (server reads, sends)",
    "drawn": "first frame drawn",
    "all": "all four sequences here",
}
"""What is timed, from the click on; `performance.mark` of the page."""

SCROLLED = 30


def main() -> None:
    """Make, time, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5, help="how often the case is opened")
    parser.add_argument("--cases", type=int, default=500, help="of the long list")
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    with TemporaryDirectory() as name, browser() as chromium:
        folder = Path(name)
        make_study(folder)
        opened = [open_case(chromium, folder) for _ in range(given.times)]
        make_list(folder, given.cases)
        listed = open_list(chromium, folder, given.cases)
    text = report(opened, listed, given.cases)
    print(text)
    if given.write:
        given.write.write_text(text, "utf-8")


def make_study(folder: Path) -> None:
    """A whole head with a tumour, four sequences, on the grid of BraTS; its truth stands in for a result."""
    case = make_case(load_mni(), 0, Spec(skull=True, clean=True), threads=2)
    source = Volume(case.labels, case.affine)
    middle = source.grid.to_world((np.array(source.grid.shape) - 1) / 2)
    affine = np.eye(4)
    affine[:3, 3] = middle - (np.array(SHAPE) - 1) / 2
    grid = Grid(SHAPE, affine)
    study, result = folder / "studies" / "case-0", folder / "results" / "case-0"
    study.mkdir(parents=True)
    result.mkdir(parents=True)
    for sequence, image in case.images.items():
        seen = resample(Volume(image, case.affine), grid)
        stored = np.round(seen.array * (1000 / image.max())).astype(np.int16)
        write_nifti(Volume(stored, affine), study / f"{sequence.lower()}.nii.gz", "int16")
    labels = resample(source, grid, order=0)
    regions = Volume(BRATS.encode(labels.array), affine)
    write_nifti(regions, result / "regions.nii.gz", "bool")
    write_nifti(labels, result / "segmentation.nii.gz", "uint8")
    measured = [
        {"name": one.name, "title": one.name, "volume_ml": one.volume_ml} for one in measure_regions(regions, BRATS)
    ]
    content = {"case": "case-0", "reference": "T1CE", "scheme": "brats", "regions": measured}
    (result / "measurements.json").write_text(json.dumps(content))
    series = [{"series": f"{one.lower()}.nii.gz", "sequence": one, "used": True} for one in case.images]
    quality = {"verdict": "ok", "series": series, "checks": [], "notes": [], "missing": []}
    (result / "quality.json").write_text(json.dumps(quality))
    transforms = {str(sequence): np.eye(4).tolist() for sequence in case.images}
    (result / "transforms.json").write_text(json.dumps({"transforms": transforms}))


def make_list(folder: Path, cases: int) -> None:
    """The same result under many names."""
    for number in range(1, cases):
        shutil.copytree(folder / "results" / "case-0", folder / "results" / f"case-{number}")


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@contextmanager
def shown(chromium: Any, folder: Path) -> Iterator[Any]:
    """The page, empty, of a server that has read nothing yet."""
    with TemporaryDirectory() as temporary:
        gallery = Gallery(FolderCases(folder / "results", [folder / "studies"], Path(temporary)))
        door = Door("oncontour review", {"secret": Person("", "reader")})
        with serving(review_app(gallery, door), "127.0.0.1", 0, "review") as port:
            context = chromium.new_context(viewport=SCREEN)
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/?token=secret")
            yield page
            context.close()


def open_case(chromium: Any, folder: Path) -> dict[str, float]:
    """Seconds from the click to each of `STEPS`, of a second opening, and of a slice while scrolling."""
    with shown(chromium, folder) as page:
        page.wait_for_selector("body[data-loaded^='case-0']", timeout=120_000)
        times = marks(page)
        page.evaluate("delete document.body.dataset.loaded")
        page.locator("#case-list li").first.click()
        page.wait_for_selector("body[data-loaded^='case-0']", timeout=120_000)
        times["again"] = marks(page)["drawn"]
        times["slice"] = scrolled(page)
        return times


def marks(page: Any) -> dict[str, float]:
    """Seconds since the case was clicked."""
    found = page.evaluate("performance.getEntriesByType('mark').map((one) => [one.name, one.startTime])")
    last = dict(found)
    return {step: (last[step] - last["click"]) / 1000 for step in STEPS}


def scrolled(page: Any) -> float:
    """Seconds a slice, in all planes, each waited for until it is drawn."""
    return page.evaluate(
        """async (times) => {
          const canvas = document.getElementById("viewer");
          const pixel = new Uint8Array(4);
          const gl = canvas.getContext("webgl2");
          const began = performance.now();
          for (let n = 0; n < times; n++) {
            document.dispatchEvent(new KeyboardEvent("keydown", { key: n % 20 < 10 ? "PageUp" : "PageDown" }));
            await new Promise(requestAnimationFrame);
            gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
          }
          return (performance.now() - began) / times / 1000;
        }""",
        SCROLLED,
    )


def open_list(chromium: Any, folder: Path, cases: int) -> float:
    """Seconds until all cases stand in the list."""
    with shown(chromium, folder) as page:
        page.locator("#case-list li").nth(cases - 1).wait_for(state="attached", timeout=60_000)
        return page.evaluate("performance.getEntriesByName('listed')[0].startTime / 1000")


def report(opened: list[dict[str, float]], listed: float, cases: int) -> str:
    """The page."""
    titles = {**STEPS, "again": "opened again: first frame drawn", "slice": "a slice while scrolling, three planes"}

    def line(key: str) -> list[str]:
        times = [one[key] for one in opened]
        return [titles[key], f"{statistics.median(times):.2f}", f"{max(times):.2f}"]

    rows = [*(line(key) for key in titles), [f"a list of {cases} cases drawn", f"{listed:.2f}", ""]]
    size = " x ".join(map(str, SHAPE))
    return f"""# How fast the review page is

`python benchmarks/page_speed.py`: a synthetic head of {size} voxels, four sequences, in Chromium that draws in software
({platform.machine()}, {len(opened)} openings, {SCREEN["width"]} x {SCREEN["height"]} pixels), the server on the same
machine. Seconds from the click.

{table(["", "median", "longest"], rows, numbers=True)}
"""


if __name__ == "__main__":
    main()
