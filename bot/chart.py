"""The picture of a round-up: which topics rose and which fell, as a PNG, and in words for who can't see it.

Matplotlib is loaded when the first picture is drawn, for it takes half a second that a start has not; `topics_png` is
meant for a thread. Figures are made without pyplot, whose state is everybody's.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from bot.ranking.topics import Topic, Topics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

#: In pixels; Slack shows it half as wide, and everything on it is drawn for that.
WIDTH, ROW = 1440, 74
_HEAD, _FOOT = 170, 150
_DPI = 200
#: Okabe and Ito's blue and vermilion, told apart by all kinds of colour vision; the arrows say the same.
_RISING, _FALLING, _INK, _FAINT = "#0072B2", "#D55E00", "#1d1c1d", "#616061"
#: Comes with matplotlib, so that the picture is the same on every machine.
_FONT = "DejaVu Sans"
_LONGEST = 30
_ALT_LIMIT = 950


class _Row(NamedTuple):
    """A line of the picture: a topic, and its colour and sign."""

    topic: Topic
    colour: str
    sign: str


def topics_png(topics: Topics, title: str) -> bytes:
    """The picture of these topics, of which there must be one at least; 1440 pixels wide."""
    from matplotlib.figure import Figure

    rows = [_Row(topic, _RISING, "▲") for topic in topics.rising]
    rows += [_Row(topic, _FALLING, "▼") for topic in topics.falling]
    height = _HEAD + ROW * len(rows) + _FOOT
    figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((0.42, _FOOT / height, 0.44, ROW * len(rows) / height))
    _draw_rows(axes, rows)
    _write(figure, 0.03, 1 - 60 / height, title, size=11, weight="bold")
    _write(figure, 0.03, 1 - 125 / height, f"Share of {_span(topics)}", size=8.5, colour=_FAINT)
    _write(figure, 0.03, 35 / height, _by_chance(topics), size=8, colour=_FAINT)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return drawn.getvalue()


def topics_alt(topics: Topics) -> str:
    """What the picture shows, for who does not see it: at most 1,000 characters, as Slack takes them."""
    parts = [
        f"{way}: {', '.join(f'{one.term} from {shares(one)}' for one in some)}."
        for way, some in (("Rising", topics.rising), ("Falling", topics.falling))
        if some
    ]
    told = f"Topics, by the share of {_span(topics)}. {' '.join(parts)}"
    return told if len(told) <= _ALT_LIMIT else told[: _ALT_LIMIT - 1].rstrip() + "…"


def shares(topic: Topic) -> str:
    """`3 % to 9 %`."""
    return f"{percent(topic.share_before)} to {percent(topic.share)}"


def percent(share: float) -> str:
    return f"{round(100 * share, 1 if share < 0.095 else 0):g} %"


def _span(topics: Topics) -> str:
    one = next(iter((*topics.rising, *topics.falling)))
    return f"{one.of_now:,} papers this week (dot) and {one.of_before:,} of the four weeks before (ring)"


def _by_chance(topics: Topics) -> str:
    return f"{topics.followed} topics were followed; about {topics.by_chance} of so many would move as far by chance."


def _draw_rows(axes: Axes, rows: Sequence[_Row]) -> None:
    most = max(max(row.topic.share, row.topic.share_before) for row in rows)
    axes.set_xlim(-0.06 * most, most * 1.08)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for at, (topic, colour, sign) in enumerate(rows):
        ends = (topic.share_before, topic.share)
        axes.plot(ends, (at, at), color=colour, linewidth=2.5, solid_capstyle="butt", zorder=1)
        axes.scatter(ends[:1], (at,), s=52, facecolor="white", edgecolor=colour, linewidth=1.8, zorder=2)
        axes.scatter(ends[1:], (at,), s=60, facecolor=colour, edgecolor=colour, zorder=3)
        _label(axes, -0.885, at, f"{sign} {_short(topic.term)}", colour)
        _label(axes, 1.03, at, percent(topic.share), colour, weight="bold")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %" if share >= 0 else "")
    axes.xaxis.set_major_locator(_few_ticks())
    axes.yaxis.set_visible(False)
    axes.grid(visible=True, axis="x", color="#e8e8e8", linewidth=0.8)
    axes.set_axisbelow(True)
    for name, spine in axes.spines.items():
        spine.set_visible(name == "bottom")
    for tick in axes.get_xticklabels():
        tick.set(fontfamily=_FONT, fontsize=8, color=_FAINT)


def _few_ticks() -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=4)


def _label(axes: Axes, x: float, row: int, text: str, colour: str, weight: str = "normal") -> None:
    axes.text(
        x,
        row,
        text,
        transform=axes.get_yaxis_transform(),
        va="center",
        color=colour,
        fontfamily=_FONT,
        fontsize=9.5,
        fontweight=weight,
        # A dollar is a dollar.
        parse_math=False,
    )


def _write(
    figure: Figure, x: float, y: float, text: str, *, size: float, colour: str = _INK, weight: str = "normal"
) -> None:
    figure.text(
        x,
        y,
        text,
        fontfamily=_FONT,
        fontsize=size,
        fontweight=weight,
        color=colour,
        va="center",
        parse_math=False,
    )


def _short(term: str) -> str:
    """A term as it fits on its line, in letters that the font has: others would be boxes."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont(_FONT)).get_charmap()
    drawn = "".join(letter if ord(letter) in known else "?" for letter in term)
    return drawn if len(drawn) <= _LONGEST else drawn[: _LONGEST - 1].rstrip() + "…"
