import dataclasses
import re
import shutil
import subprocess

import numpy as np
import pytest

from oncontour.core.checks import Check
from oncontour.report import write_pdf
from oncontour.report.case import STATEMENT
from oncontour.report.pictures import montage_png

needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is not installed")


@pytest.fixture(scope="module")
def picture(case):
    return montage_png(case, dpi=60)


def read(case, picture, tmp_path):
    path = tmp_path / "report.pdf"
    write_pdf(case, path, picture)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    info = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    return re.sub(r"\s+", " ", text), info


@needs_poppler
def test_one_a4_page_of_selectable_text(case, picture, tmp_path):
    text, info = read(case, picture, tmp_path)
    assert re.search(r"Pages:\s+1\n", info)
    assert "A4" in info
    for words in (
        case.name, case.findings, STATEMENT, case.model_card, case.version, "whole tumour", "right", "reference",
        "missing", "series 3", "Taken as skull-stripped", "Fail", "Warning", "OK", "network 14.5 s", "0.12 mm",
    ):  # fmt: skip
        assert words in text, words


@needs_poppler
def test_a_crowded_case_still_fits_one_page_and_says_what_it_leaves_out(case, picture, tmp_path):
    check = Check("registration agreement", "warn", 1.0, "mm", "at most 0.5 mm", "A sentence of ordinary length. " * 3)
    crowded = dataclasses.replace(case, checks=(check,) * 30, notes=("A note of ordinary length, " * 4,) * 12)
    text, info = read(crowded, picture, tmp_path)
    assert re.search(r"Pages:\s+1\n", info)
    left_out = {what: int(count) for count, what in re.findall(r"(\d+) more (check|note)s in quality", text)}
    assert 0 < left_out["check"] < 30
    assert 0 < left_out["note"] < 12
    assert text.count("Warning") == 30 - left_out["check"]
    assert STATEMENT in text


@needs_poppler
def test_letters_beyond_latin_and_markup_survive(case, picture, tmp_path):
    text, _ = read(dataclasses.replace(case, name="Случай <b>7</b> & Ω"), picture, tmp_path)
    assert "Случай <b>7</b> & Ω" in text


@needs_poppler
def test_no_tumour(case, tmp_path):
    none = case.regions.with_array(np.zeros_like(case.regions.array))
    text, _ = read(dataclasses.replace(case, regions=none, findings="No tumour found."), None, tmp_path)
    assert "No tumour found." in text


def test_the_same_case_gives_the_same_bytes(case, picture, tmp_path):
    for name in ("a.pdf", "b.pdf"):
        write_pdf(case, tmp_path / name, picture)
    content = (tmp_path / "a.pdf").read_bytes()
    assert content == (tmp_path / "b.pdf").read_bytes()
    assert content.startswith(b"%PDF")
