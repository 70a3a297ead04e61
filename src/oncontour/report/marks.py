"""Small drawings of the PDF: the mark of a verdict, the colour of a region. Shapes, not colour alone, tell them apart."""

from __future__ import annotations

from reportlab.platypus import Flowable

from oncontour.core.checks import Verdict

INK, SOFT, LINE = "#1b1f24", "#59626c", "#dfe3e8"
OK, WARN, FAIL = "#1b7340", "#8a5a00", "#b3261e"
"""On white, each has a contrast of at least 5.5 to 1."""

SIZE = 6.5
"""Points: as high as a capital letter beside it."""

BASELINE = 1.6
"""Points between the foot of a line and its letters."""


class Mark(Flowable):
    """A tick, a triangle with a bar, or a cross."""

    def __init__(self, verdict: Verdict, colour: str) -> None:
        super().__init__()
        self.verdict, self.colour = verdict, colour

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803, ARG002
        return SIZE, SIZE + BASELINE

    def draw(self) -> None:
        canvas, s = self.canv, SIZE
        canvas.translate(0, BASELINE - 0.4)
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
    """A square of a region's colour."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        super().__init__()
        self.colour = colour

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803, ARG002
        return SIZE, SIZE + BASELINE + 0.6

    def draw(self) -> None:
        red, green, blue = (value / 255 for value in self.colour)
        self.canv.setFillColorRGB(red, green, blue)
        self.canv.setStrokeColor(SOFT)
        self.canv.setLineWidth(0.3)
        self.canv.roundRect(0, BASELINE, SIZE, SIZE, 1, stroke=1, fill=1)
