from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oncontour.core.errors import OutputError
from oncontour.drawing.files import pdf, png, write_figure
from oncontour.drawing.style import chart


def line():
    figure = chart(2, 1)
    figure.subplots().plot([0, 1], [0, 1], color="#ff0000")
    return figure


def test_png_has_the_size_and_the_colour():
    pixels = np.asarray(Image.open(BytesIO(png(line(), 100))))
    assert pixels.shape == (100, 200, 3)
    assert (pixels == (255, 0, 0)).all(-1).any()


def test_pdf_is_the_same_each_time_and_keeps_vectors():
    first = pdf(line())
    assert first == pdf(line())
    assert first.startswith(b"%PDF")
    assert b"/Subtype /Image" not in first


def test_figure_is_written_with_its_numbers(tmp_path: Path):
    rows = [{"case": "a", "dice": 0.5}, {"case": "b", "dice": None}]
    written = write_figure(line(), tmp_path / "new" / "violin", rows)
    assert [path.name for path in written] == ["violin.png", "violin.pdf", "violin.csv"]
    assert written[2].read_text("utf-8") == "case,dice\na,0.5\nb,\n"
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_is_a_file_is_explained(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_figure(line(), tmp_path / "file" / "violin", [{"n": 1}])
