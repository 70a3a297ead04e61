"""Raters in real browsers: by keyboard, two at once, through a killed server, and what the network log tells."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from oncontour.review.study.page.app import study_app
from oncontour.review.study.readings import read_readings
from oncontour.review.study.scales import COMMENT, SCORE
from oncontour.web.accounts import METADATA, set_account
from oncontour.web.guard import Door
from oncontour.web.serve import serving

from ...page import screen
from .conftest import TELLING

pytestmark = pytest.mark.slow

DRAWN_MS = 60_000
"""Shaders are compiled in software, beside other tests."""

EVIL = '<script>document.body.dataset.evil = 1</script><img src=x onerror="document.body.dataset.evil = 1">'


@contextmanager
def visitor(chromium, **settings):
    """A browser of somebody's own; its page fails the test where a script failed."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, **settings)
    page = context.new_page()
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    assert failures == []


@pytest.fixture
def study(make_pages):
    return make_pages()


@pytest.fixture
def address(study, door):
    with serving(study_app(study, door, ("127.0.0.1",)), "127.0.0.1", 0, "study") as port:
        yield f"http://127.0.0.1:{port}/"


def begin(page, address, rater):
    page.goto(f"{address}?token=link-of-{rater}")
    page.wait_for_selector("#go:not(:empty)")
    page.keyboard.press("Enter")


def drawn(page, number):
    page.wait_for_selector(f'body[data-page="{number}"][data-state="rating"]', timeout=DRAWN_MS)


def press(page, keys):
    for key in keys.split():
        page.keyboard.press(key)


def lock(page):
    page.wait_for_selector("#lock:enabled")
    press(page, "l Enter")


def test_two_raters_at_once_by_keyboard_alone(chromium, address, study):
    with visitor(chromium) as anna, visitor(chromium) as ben:
        for page, name in ((anna, "anna"), (ben, "ben")):
            begin(page, address, name)
        for number in (1, 2):
            for page in (anna, ben):
                drawn(page, number)
            press(anna, "8 ArrowDown n ArrowRight 0")  # 0 is 10.
            press(ben, "1 0 Enter y ArrowRight 6 ArrowDown n")  # Who types 10 means 10.
            press(anna, "ArrowDown y")
            for page in (ben, anna):
                lock(page)
        for page in (anna, ben):
            page.wait_for_selector('body[data-state="end"]')
            assert "2 pages" in page.inner_text("#cover-text")
    found = {(row.rater, row.page, row.place): (row.score, row.called_ai) for row in read_readings(study).rows}
    for number in (1, 2):
        assert found["anna", number, 1] == (8, False)
        assert found["anna", number, 2] == (10, True)
        assert found["ben", number, 1] == (10, True)
        assert found["ben", number, 2] == (6, False)
    assert all(row.page_seconds > 0 for row in read_readings(study).rows)


def test_the_network_log_does_not_unblind(chromium, address, study, tmp_path):
    log = tmp_path / "log.har"
    with visitor(chromium, record_har_path=log, record_har_content="embed") as page:
        begin(page, address, "anna")
        for number in (1, 2):
            drawn(page, number)
            press(page, "q q 8 ArrowDown n ArrowRight 3 ArrowDown y")
            lock(page)
        page.wait_for_selector('body[data-state="end"]')
    entries = json.loads(log.read_text("utf-8"))["log"]["entries"]
    texts = []
    for entry in entries:
        content = entry["response"]["content"]
        body = content.get("text", "")
        entry["response"]["content"] = None
        texts.append(json.dumps(entry).encode())
        texts.append(base64.b64decode(body) if content.get("encoding") == "base64" else body.encode())
    told = b"\n".join(texts).lower()
    assert sum(".nii" in entry["request"]["url"] for entry in entries) >= 6
    assert len(told) > 500_000
    files = [path.name for path in study.files.iterdir()]
    assert b"acceptability" in told  # What it does tell is found so.
    assert [name for name in (*TELLING, *files) if name.encode() in told] == []
    assert {entry["request"]["url"].split("?")[0].startswith(address) for entry in entries} == {True}


def test_masks_come_and_go_by_key_and_in_their_colours(chromium, address):
    def of(image, colour):
        return bool((abs(image - colour).max(axis=2) < 8).any())

    with visitor(chromium) as page:
        begin(page, address, "ben")
        drawn(page, 1)
        swatches = page.locator(".card h2 .swatch").evaluate_all("all => all.map((one) => one.style.backgroundColor)")
        first, second = ([int(part) for part in re.findall(r"\d+", one)] for one in swatches)

        def seen(wanted):
            image = screen.drawn(page, lambda image: (of(image, first), of(image, second)) == wanted)
            return of(image, first), of(image, second)

        assert seen((True, True)) == (True, True)
        page.keyboard.press("f")
        assert seen((True, False)) == (True, False)
        page.keyboard.press("i")
        page.keyboard.press("ArrowRight")
        assert seen((False, True)) == (False, True)
        page.keyboard.press("Space")
        assert seen((False, False)) == (False, False)
        page.keyboard.press("Space")
        assert seen((True, True)) == (True, True)


def test_the_slices_have_all_of_the_window_that_the_questions_leave(chromium, address):
    with visitor(chromium) as page:
        begin(page, address, "ben")
        drawn(page, 1)
        stage, panel = (page.locator(name).bounding_box() for name in ("#stage", "#panel"))
        assert stage["x"] == 0
        assert stage["width"] == panel["x"] > 2 / 3 * 1280
        assert panel["x"] + panel["width"] == 1280
        assert stage["y"] + stage["height"] == panel["height"] == 800
        assert stage["height"] > 0.9 * 800


def test_where_outlines_coincide_their_colours_take_turns(chromium, address):
    def turns(image, colours):
        """Most changes from one colour to the other along a line of pixels."""
        which = sum((n + 1) * (abs(image - colour).max(axis=2) < 8) for n, colour in enumerate(colours))
        lines = [line[line > 0] for line in (*which, *which.T)]
        return max(np.count_nonzero(np.diff(line)) for line in lines if line.size)

    with visitor(chromium) as page:
        begin(page, address, "ben")
        drawn(page, 1)
        swatches = page.locator(".card h2 .swatch").evaluate_all("all => all.map((one) => one.style.backgroundColor)")
        colours = [[int(part) for part in re.findall(r"\d+", one)] for one in swatches]
        both = screen.drawn(page, lambda image: all((abs(image - one).max(axis=2) < 8).any() for one in colours))
        assert turns(both, colours) >= 8  # Two sides of the masks of this study lie on each other.


def test_a_script_in_a_comment_stays_text(chromium, address, study):
    with visitor(chromium) as page:
        begin(page, address, "anna")
        drawn(page, 1)
        page.locator(".comment").first.fill(EVIL)
        page.keyboard.press("Enter")
        page.wait_for_selector('body[data-saving="done"]')
        page.wait_for_selector(".answer-state.saved")
        page.reload()
        page.wait_for_selector("#go:not(:empty)")
        page.keyboard.press("Enter")
        drawn(page, 1)
        assert page.locator(".comment").first.input_value() == EVIL
        assert page.evaluate("document.body.dataset.evil") is None
        assert page.locator("aside script, aside img").count() == 0


def test_accounts_sign_in_on_the_page(chromium, study):
    METADATA.create_all(study.engine)
    set_account(study.engine, "anna", "reader", "correct horse battery")
    set_account(study.engine, "root", "admin", "correct horse battery")
    with serving(study_app(study, Door("", accounts=study.engine), ("127.0.0.1",)), "127.0.0.1", 0, "study") as port:
        for name, sign in (("anna", "#go:not(:empty)"), ("root", "#raters tr")):
            with visitor(chromium) as page:
                page.goto(f"http://127.0.0.1:{port}/")
                page.fill("#name", name)
                page.fill("#password", "wrong")
                page.keyboard.press("Enter")
                page.wait_for_selector("#trouble:not(:empty)")
                page.fill("#password", "correct horse battery")
                page.keyboard.press("Enter")
                page.wait_for_selector(sign)
                assert page.evaluate("fetch('/api/session').then((it) => it.json())")["name"] == name
                page.click("#cover .leave")
                page.wait_for_url("**/sign-in/")
                assert page.evaluate("fetch('/api/session').then((it) => it.status)") == 401


def test_who_signs_in_as_another_does_not_answer_for_the_first(chromium, address, study):
    with visitor(chromium) as page:
        begin(page, address, "anna")
        drawn(page, 1)
        press(page, "8")
        page.wait_for_selector('body[data-saving="done"]')
        other = page.context.new_page()
        other.goto(f"{address}?token=link-of-ben")
        page.bring_to_front()
        press(page, "ArrowDown n")
        page.get_by_text("signed in as ben").wait_for()
        other.goto(f"{address}?token=link-of-anna")
        page.wait_for_selector('body[data-saving="done"]', timeout=DRAWN_MS)
        assert page.inner_text("#saving") == ""


def test_nothing_can_be_answered_before_the_images_are_there(chromium, address):
    with visitor(chromium) as page:
        held = []
        page.route("**/images/FLAIR.nii", lambda route: held.append(route))
        begin(page, address, "anna")
        page.wait_for_selector('body[data-state="rating"]')
        for _ in range(600):
            if held:
                break
            page.wait_for_timeout(100)
        press(page, "8")
        assert page.locator('#questions [aria-checked="true"]').count() == 0
        assert page.evaluate("document.getElementById('questions').inert")
        held[0].continue_()
        drawn(page, 1)
        press(page, "8")
        page.wait_for_selector(".answer-state.saved")


class Server:
    """`oncontour study serve` as a program of its own, which can be killed."""

    def __init__(self, study_file: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._file = study_file
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "oncontour", "study", "serve", str(self._file), "--port", str(self._port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
        self.links = {}
        while len(self.links) < 2:
            line = self._process.stdout.readline()
            assert line, "it ended"
            if found := re.search(r"^\s*(\w+)\s+(http\S+)", line):
                self.links[found[1]] = found[2]

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


def test_a_server_that_is_killed_loses_nothing(chromium, study, tmp_path):
    server = Server(tmp_path / "study.sqlite")
    try:
        with visitor(chromium) as page:
            page.goto(server.links["anna"])
            page.wait_for_selector("#go:not(:empty)")
            page.keyboard.press("Enter")
            drawn(page, 1)
            press(page, "8 ArrowDown n")
            page.wait_for_selector('body[data-saving="done"]')
            server.kill()
            press(page, "ArrowRight 4 ArrowDown y")
            page.wait_for_selector("#saving.fail")
            assert "NOT SAVED" in page.inner_text("#saving")
            assert page.locator("#lock").is_disabled()
            server.start()
            with page.context.expect_page():  # Signed in again, in another tab: this one goes on by itself.
                page.evaluate(f"window.open({server.links['anna']!r}, '_blank', 'noopener')")
            page.wait_for_selector('body[data-saving="done"]', timeout=DRAWN_MS)
            assert page.inner_text("#saving") == ""
            lock(page)
            drawn(page, 2)
            press(page, "7 ArrowDown n ArrowRight 7 ArrowDown n")
            lock(page)
            page.wait_for_selector('body[data-state="end"]')
    finally:
        server.kill()
    scores = [(row.page, row.score, row.called_ai) for row in read_readings(study).rows]
    assert scores == [(1, 8, False), (1, 4, True), (2, 7, False), (2, 7, False)]
    assert {name for row in read_readings(study).rows for name in row.answers} >= {SCORE}
    assert COMMENT not in {name for row in read_readings(study).rows for name in row.answers}
