"""Small drawings of the PDF: the mark of a verdict (a shape, not colour alone, tells it) and the colour of a region."""

from __future__ import annotations

from reportlab.platypus import Flowable

from oncontour.core.checks import Verdict

EDGE = "#59626c"
"""Outline of a swatch, so that pale colours end somewhere on white paper."""

SIZE = 6.0
"""Points: about as high as a capital letter beside it."""


class Mark(Flowable):
    """A tick, a triangle with a bar, or a cross, standing on the line of letters of a size in points."""

    def __init__(self, verdict: Verdict, colour: str, letters: float) -> None:
        super().__init__()
        self.verdict, self.colour, self.letters = verdict, colour, letters

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803, ARG002
        return SIZE, self.letters

    def draw(self) -> None:
        canvas, s = self.canv, SIZE
        canvas.setStrokeColor(self.colour)
        canvas.setFillColor(self.colour)
        canvas.setLineWidth(1.2)
        if self.verdict == "ok":
            canvas.lines([(0.1 * s, 0.45 * s, 0.38 * s, 0.15 * s), (0.38 * s, 0.15 * s, 0.92 * s, 0.82 * s)])
        elif self.verdict == "warn":
            outline = canvas.beginPath()
            outline.moveTo(0, 0)
            outline.lineTo(s, 0)
            outline.lineTo(s / 2, 0.92 * s)
            outline.close()
            canvas.drawPath(outline, stroke=0, fill=1)
            canvas.setStrokeColor("#ffffff")
            canvas.setLineWidth(0.8)
            canvas.lines([(s / 2, 0.62 * s, s / 2, 0.32 * s), (s / 2, 0.22 * s, s / 2, 0.1 * s)])
        else:
            canvas.lines([(0.15 * s, 0.12 * s, 0.85 * s, 0.82 * s), (0.15 * s, 0.82 * s, 0.85 * s, 0.12 * s)])


class Swatch(Flowable):
    """A square of a region's colour, standing on the line of letters of a size in points."""

    def __init__(self, colour: tuple[int, int, int], letters: float) -> None:
        super().__init__()
        self.colour, self.letters = colour, letters

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803, ARG002
        return SIZE, self.letters

    def draw(self) -> None:
        red, green, blue = (value / 255 for value in self.colour)
        self.canv.setFillColorRGB(red, green, blue)
        self.canv.setStrokeColor(EDGE)
        self.canv.setLineWidth(0.3)
        self.canv.roundRect(0, 0, SIZE, SIZE, 1, stroke=1, fill=1)
