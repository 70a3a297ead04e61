"""What raters write is text: on the page, and in tables that spreadsheets open."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from oncontour.review.study.analysis.run import analyse
from oncontour.review.study.analysis.write import write_analysis, write_readings
from oncontour.review.study.scales import COMMENT

EVIL = '<script>alert(1)</script> & "quoted"'


def commented(row, text):
    return replace(row, comment=text, answers={**row.answers, COMMENT: text})


def test_a_script_in_a_comment_stays_text(read, study, tmp_path):
    rows = [read("r", f"c{n}", source, 5) for n in range(4) for source in ("e1", "m1")]
    rows[0] = commented(rows[0], EVIL)
    write_analysis(analyse(study(rows, ("e1", "m1"))), tmp_path)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "Comments" in text
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in text


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\u2028=1"])
def test_no_comment_is_a_formula(read, tmp_path, text):
    write_readings([commented(read("r", "=c0", "m1", 5), text)], tmp_path / "out.csv", unblind=True)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["comment"] == row[f"answer: {COMMENT}"] == f"'{text.strip()}"
    assert row["case"] == "'=c0"
    assert row["score"] == "5"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_comment_of_two_lines_is_no_row_of_its_own(read, tmp_path, end):
    write_readings([commented(read("r", "c0", "m1", 5), f"wide{end}r,c1,m2,10")], tmp_path / "out.csv", unblind=True)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["comment"] == "wide r,c1,m2,10"


def test_other_comments_are_as_they_were_written(read, tmp_path):
    words = 'edge too wide; 3 mm = too much, "really"'
    write_readings([commented(read("r", "c0", "m1", 5), words)], tmp_path / "out.csv", unblind=True)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.DictReader(stream))["comment"] == words
