"""Debian's Chromium (`scripts/test-tools.sh`), drawing in software, for tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

PROGRAM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",  # Tests may run as root, where Chromium's sandbox does not.
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """A browser (playwright's `Browser`); each test opens a context of its own, as each person would."""
    if PROGRAM is None:
        pytest.skip("no Chromium (scripts/test-tools.sh installs it): pages are not tried in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(FLAGS))
        yield browser
        browser.close()
