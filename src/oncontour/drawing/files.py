"""Figures as files: pictures for the screen, vectors for print, and the numbers that they show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from oncontour.data.datasets.tables import write_table
from oncontour.data.files import explained, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 200


def png(figure: Figure, dpi: int = DPI, *, smallest: bool = False) -> bytes:
    """A figure as a PNG.

    Args:
        dpi: pixels an inch.
        smallest: take the time for the smallest file.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    file = BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]).save(file, format="PNG", optimize=smallest)
    return file.getvalue()


def pdf(figure: Figure) -> bytes:
    """A figure as a PDF of vectors, its fonts within; the same figure gives the same bytes."""
    import matplotlib

    file = BytesIO()
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        figure.savefig(file, format="pdf", metadata={"CreationDate": None})
    return file.getvalue()


def write_figure(figure: Figure, stem: Path, rows: Iterable[Mapping[str, object]]) -> tuple[Path, ...]:
    """Write STEM.png, STEM.pdf, and STEM.csv with the numbers that the figure shows.

    Args:
        stem: path without an ending; its folder is made.
        rows: one a mark (tidy: a column a variable), all with the same columns; at least one. None and NaN become
            empty cells.

    Raises:
        OutputError: a file cannot be written.
    """
    with explained(stem):
        stem.parent.mkdir(parents=True, exist_ok=True)
    picture, vectors, table = (stem.with_name(f"{stem.name}.{ending}") for ending in ("png", "pdf", "csv"))
    write_whole(picture, lambda part: part.write_bytes(png(figure)))
    write_whole(vectors, lambda part: part.write_bytes(pdf(figure)))
    listed = [{name: _cell(value) for name, value in row.items()} for row in rows]
    write_table(table, listed[0], listed)
    return picture, vectors, table


def _cell(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and isnan(value)) else str(value)


def hexadecimal(rgb: tuple[int, int, int]) -> str:
    """A colour as pages and charts write it.

    >>> hexadecimal((86, 180, 233))
    '#56b4e9'
    """
    return "#{:02x}{:02x}{:02x}".format(*rgb)
