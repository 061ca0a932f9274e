"""The frame of the plots that benchmarks draw for docs/: levels, words, and where a value stands."""

from __future__ import annotations

import drawsvg as draw

from newsroom.report.charts import ticks

WIDTH, LEFT, TOP, BELOW = 640, 60, 30, 50
GREY = "#444"


class Plot:
    """Values up to `most` across and `highest` upwards; `over` says what goes up, `under` what goes across. Pixels."""

    def __init__(self, most: float, highest: float, *, over: str, under: str, height: int = 300, right: int = 20) -> None:
        levels = ticks(highest)
        self.most, self.highest, self.height, self.right = most, levels[-1], height, right
        self.low = height - BELOW
        self.drawing = draw.Drawing(WIDTH, height, font_family="sans-serif")
        self.drawing.append(draw.Rectangle(0, 0, WIDTH, height, fill="white"))
        for level in levels:
            _, y = self.at(0, level)
            self.drawing.append(draw.Line(LEFT, y, WIDTH - right, y, stroke="#ddd"))
            self.drawing.append(draw.Text(f"{level:g}", 11, LEFT - 8, y + 4, text_anchor="end", fill=GREY))
        self.drawing.append(draw.Text(over, 12, LEFT - 40, 18, fill=GREY))
        self.drawing.append(draw.Text(under, 12, WIDTH - right, height - 12, text_anchor="end", fill=GREY))

    def at(self, across: float, up: float) -> tuple[float, float]:
        return LEFT + across / self.most * (WIDTH - LEFT - self.right), self.low - up / self.highest * (self.low - TOP)

    def line(self, points: list[tuple[float, float]], **look: object) -> None:
        self.drawing.append(draw.Lines(*[value for point in points for value in self.at(*point)], fill="none", **look))

    def dot(self, across: float, up: float, radius: float, colour: str) -> None:
        self.drawing.append(draw.Circle(*self.at(across, up), radius, fill=colour))

    def mark(self, across: float) -> None:
        """A number below the frame."""
        self.drawing.append(draw.Text(f"{across:,}", 11, self.at(across, 0)[0], self.low + 16, text_anchor="middle", fill=GREY))

    def write(self, text: str, x: float, y: float, **look: object) -> None:
        self.drawing.append(draw.Text(text, 11, x, y, **look))

    def svg(self) -> str:
        return str(self.drawing.as_svg())
