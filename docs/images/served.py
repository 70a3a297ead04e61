"""A page of `oncontour`, served as a user would serve it, in Debian's Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
COLOURS, ROUNDS = 256, 3
SMALL = 1280
"""Pixels across: up to there, pictures are for the documentation."""


@contextmanager
def served(arguments: Sequence[str | Path], size: tuple[int, int]) -> Iterator[Page]:
    """The page that `oncontour ARGUMENTS --no-browser` tells the link of, in a window of that size.

    Args:
        arguments: of the program.
        size: width and height in pixels.
    """
    command = [sys.executable, "-m", "oncontour", *arguments, "--no-browser"]
    with sync_playwright() as player, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            link = server.stdout.readline().split(": ", 1)[1].strip()
            browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": size[0], "height": size[1]})
            page.goto(link)
            yield page
            browser.close()
        finally:
            server.terminate()


def shoot(page: Page, path: Path) -> None:
    """A picture; where it is for the documentation, in few colours."""
    from PIL import Image

    page.screenshot(path=path)
    if page.viewport_size and page.viewport_size["width"] <= SMALL:
        drawn = Image.open(path).convert("RGB")
        drawn.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, ROUNDS, dither=Image.Dither.NONE).save(path, optimize=True)


def wanted(script: str) -> tuple[Path, tuple[int, int]]:
    """Where pictures go and their size: arguments 1 to 3 of the script, or its own folder and 1280 x 800."""
    given = [str(Path(script).parent), "1280", "800"]
    given[: len(sys.argv) - 1] = sys.argv[1:]
    return Path(given[0]), (int(given[1]), int(given[2]))
