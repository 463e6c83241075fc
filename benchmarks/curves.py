"""Curves as a picture, in plain SVG that reads on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 760, 380
LEFT, TOP, RIGHT, BOTTOM = 40, 36, 190, 34
#: Told apart by people who see red and green as one (Okabe and Ito, 2008).
COLOURS = ("#0072b2", "#d55e00", "#009e73")
STYLE = "text { font: 12px sans-serif; fill: #666 } .frame { stroke: #999; fill: none }"


class Curve(NamedTuple):
    """Values from 0 to 1, one a day, NaN where there is none."""

    name: str
    colour: int
    values: Sequence[float]
    dashed: bool


def picture(title: str, curves: Sequence[Curve], mark: int) -> str:
    """The curves over days, with a line at the day `mark`."""
    days = max(len(curve.values) for curve in curves)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="{LEFT}" y="20">{escape(title)}</text>',
        *_frame(days, mark),
        *(_curve(curve, days) for curve in curves),
        *(_name(curve, number) for number, curve in enumerate(curves)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frame(days: int, mark: int) -> Iterator[str]:
    for tenths in range(0, 11, 2):
        y = _y(tenths / 10)
        yield f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{tenths / 10:.1f}</text>'
        yield f'<path class="frame" stroke-opacity="0.3" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
    for day in range(0, days, 10):
        yield f'<text x="{_x(day, days):.0f}" y="{HEIGHT - 12}" text-anchor="middle">{day}</text>'
    x = _x(mark, days)
    yield f'<path class="frame" stroke-dasharray="2 3" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
    yield f'<text x="{x + 5:.0f}" y="{TOP + 12}">one team turns</text>'


def _curve(curve: Curve, days: int) -> str:
    points = [
        f"{_x(day, days):.1f} {_y(value):.1f}"
        for day, value in enumerate(curve.values)
        if not math.isnan(value)
    ]
    return f'<path d="M{" L".join(points)}" {_stroke(curve)}/>' if points else ""


def _name(curve: Curve, number: int) -> str:
    x, y = WIDTH - RIGHT + 12, TOP + 16 + 20 * number
    return (
        f'<path d="M{x} {y - 4}h24" {_stroke(curve)}/><text x="{x + 30}" y="{y}">{escape(curve.name)}</text>'
    )


def _stroke(curve: Curve) -> str:
    dashes = ' stroke-dasharray="5 4" stroke-opacity="0.7"' if curve.dashed else ""
    return f'fill="none" stroke="{COLOURS[curve.colour % len(COLOURS)]}" stroke-width="2"{dashes}'


def _x(day: int, days: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * day / max(1, days - 1)


def _y(value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value)
