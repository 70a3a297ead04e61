"""What readers think of results."""

import json

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.review.corrections.marks import add_mark, list_marks, verdict_of

from .results import SHAPE, make_result


@pytest.fixture
def result(tmp_path):
    return make_result(tmp_path / "case-1", np.ones(SHAPE, np.uint8))


def test_all_are_kept_and_the_latest_counts(result):
    add_mark(result, "Jane", 0, True, "")
    add_mark(result, "Jim", 0, False, "misses the\nrim")
    add_mark(result, "Jane", 1, True, "good now")
    marks = list_marks(result)
    assert [(one.by, one.version, one.useful, one.reason) for one in marks] == [
        ("Jane", 0, True, ""),
        ("Jim", 0, False, "misses the rim"),
        ("Jane", 1, True, "good now"),
    ]
    assert [verdict_of(marks, number) for number in (0, 1, 2)] == ["poor", "useful", None]
    lines = (result.folder / "review" / "marks.jsonl").read_text().splitlines()
    assert [json.loads(line)["source"] for line in lines] == ["page"] * 3


def test_what_a_reader_said_last_is_not_kept_twice(result):
    first = add_mark(result, "Jane", 0, False, "rim")
    add_mark(result, "Jim", 0, False, "rim")
    assert add_mark(result, "Jane", 0, False, "rim") == first
    assert len(list_marks(result)) == 2
    add_mark(result, "Jane", 0, True, "rim")
    assert len(list_marks(result)) == 3


@pytest.mark.parametrize(("by", "useful", "reason"), [("", True, ""), ("Jane", False, " "), ("Jane", True, "n" * 501)])
def test_a_mark_needs_a_name_and_a_poor_one_a_reason(result, by, useful, reason):
    with pytest.raises(InputError, match=r"found (0|501) characters"):
        add_mark(result, by, 0, useful, reason)
    assert list_marks(result) == []


def test_a_damaged_file_is_named(result):
    add_mark(result, "Jane", 0, True, "")
    (result.folder / "review" / "marks.jsonl").write_text('{"at": 1}\n')
    with pytest.raises(InputError, match=r"marks.jsonl: found marks that cannot be read"):
        list_marks(result)
