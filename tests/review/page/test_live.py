"""A list that goes on while people look."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oncontour.review.page.app import review_app
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.review.results.result import Result
from oncontour.web.serve import serving

from .conftest import FIRST_DRAWING_MS
from .doors import by_link

pytestmark = pytest.mark.slow


class Growing(FolderCases):
    """One case that is there, before which others come."""

    live = True

    def __init__(self, *given):
        super().__init__(*given)
        self.now = dict(self._results)

    def results(self):
        return self.now


@pytest.fixture
def cases(results, tmp_path_factory):
    return Growing(results / "results", [results / "studies"], tmp_path_factory.mktemp("unpacked"))


@pytest.fixture
def page(cases, chromium):
    with serving(review_app(Gallery(cases), by_link()), "127.0.0.1", 0, "review") as port:
        context = chromium.new_context()
        page = context.new_page()
        page.failures = []
        page.on("pageerror", lambda error: page.failures.append(str(error)))
        page.goto(f"http://127.0.0.1:{port}/?token=secret")
        page.wait_for_selector('body[data-drawn^="case-1"]', timeout=FIRST_DRAWING_MS)
        page.wait_for_selector("#case-list img.there", timeout=FIRST_DRAWING_MS)
        yield page
        assert page.failures == []
        context.close()


def names(page):
    return [row.get_attribute("data-case") for row in page.locator("#case-list li").all()]


def test_a_case_that_comes_is_listed_without_disturbing_the_one_that_is_open(page, cases, tmp_path):
    page.evaluate("document.querySelector('#case-list li').kept = true")
    coming = Result("new", tmp_path, {}, {}, "It is being segmented.", "working", 1_790_000_000.0)
    cases.now = {"new": coming, **cases.now}
    row = page.locator("#case-list li[data-case=new]")
    row.wait_for(timeout=20_000)
    assert names(page) == ["new", "case-1"]
    assert "working" in row.inner_text()
    assert row.locator("time").get_attribute("datetime").startswith("2026-09-21")
    assert page.evaluate("document.querySelector('#case-list li[aria-selected=true]').kept"), "the row is another"
    cases.now = {**cases.now, "new": replace(cases.now["case-1"], name="new", state="delivering")}
    page.locator("#case-list li[data-case=new] .state", has_text="delivering").wait_for(timeout=20_000)
    row.click()
    page.locator("#case-name", has_text="new").wait_for(timeout=20_000)


def test_a_case_without_a_result_says_why(page, cases, tmp_path):
    coming = Result("new", tmp_path, {}, {}, "It is being segmented.", "working")
    cases.now = {**cases.now, "new": coming}
    page.locator("#case-list li[data-case=new]").click(timeout=20_000)
    page.locator("#message", has_text="It is being segmented.").wait_for(timeout=20_000)
    assert page.locator("#findings").inner_text() == "It is being segmented."
    assert page.locator("#case-list li[data-case=new] img.there").count() == 0


def test_a_server_that_is_away_is_told_and_found_again(page):
    page.route("**/api/cases", lambda route: route.abort())
    page.locator("#count", has_text="not live").wait_for(timeout=20_000)
    assert names(page) == ["case-1"]
    page.unroute("**/api/cases")
    page.locator("#count", has_text="1 case").wait_for(timeout=20_000)
    assert page.locator("#count").inner_text() == "1 case"
