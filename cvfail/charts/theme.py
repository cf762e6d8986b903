"""How charts look: colours, type and sizes, said once, for light and dark pages and for print."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict, get_args

from cvfail.errors import PolicyError

Theme = Literal["light", "dark"]

FONT = "Helvetica Neue, Arial, Liberation Sans, sans-serif"
TEXT, TITLE = 11, 14
"""Sizes of type in pixels: labels, and the heading; captions are as labels."""

DASHES = ([1, 0], [6, 2], [2, 2], [8, 2, 2, 2])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "stroke")


class LookOptions(TypedDict, total=False):
    """Options of every chart.

    Attributes:
        width: Of the drawing area, or of one panel, in pixels.
        height: Likewise; of charts with one line per row it follows from the rows if not given.
        theme: ``light`` or ``dark``.
    """

    width: int | None
    height: int | None
    theme: Theme


@dataclass(frozen=True)
class Palette:
    """Colours. Series stay apart for all eyes, and have dashes and shapes besides.

    Attributes:
        page: Behind everything.
        ink: Text that is read first.
        soft: Text that is read second, and marks of what is compared with.
        line: Grid and frames.
        right: What is right or better.
        wrong: What is wrong or worse.
        series: One after the other.
        ramp: From nothing to much, for cells that are right or neutral.
        alarm: From nothing to much, for cells that are wrong.
        on_full: Text on the dark, or in the dark the light, end of both.
    """

    page: str
    ink: str
    soft: str
    line: str
    right: str
    wrong: str
    series: tuple[str, ...]
    ramp: tuple[str, str]
    alarm: tuple[str, str]
    on_full: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        page="#ffffff",
        ink="#171a21",
        soft="#5a6272",
        line="#e1e4ea",
        right="#1f5fcc",
        wrong="#c95a00",
        series=(
            *("#1f5fcc", "#d9650a", "#00856a", "#a8559a", "#8a6d00", "#3a9fd8"),
            *("#5a6272", "#7a2f0a"),
        ),
        ramp=("#f2f6fd", "#1f5fcc"),
        alarm=("#fffaf4", "#c95a00"),
        on_full="#ffffff",
    ),
    "dark": Palette(
        page="#161b22",
        ink="#e9ecf2",
        soft="#a7b0bf",
        line="#2f3743",
        right="#7fb1ff",
        wrong="#ff9d47",
        series=(
            *("#7fb1ff", "#ff9d47", "#35cfa8", "#e29ad6", "#e3c84b", "#73cdf7"),
            *("#b5bdca", "#ff8a75"),
        ),
        ramp=("#1b222c", "#7fb1ff"),
        alarm=("#221d19", "#ff9d47"),
        on_full="#10141a",
    ),
}


@dataclass(frozen=True)
class Look:
    """Size and colours of one chart.

    Attributes:
        width: Of the drawing area in pixels.
        height: Likewise.
        colours: The palette of the theme.
    """

    width: int
    height: int
    colours: Palette

    @classmethod
    def of(cls, options: LookOptions, *, width: int = 480, height: int = 320) -> Look:
        """What was asked for, and the chart's own size where nothing was.

        Raises:
            PolicyError: There is no such option or theme, or a size is not positive.
        """
        unknown = set(options) - set(LookOptions.__annotations__)
        if unknown:
            raise PolicyError(f"charts have no option {min(unknown)!r}. Hint: width, height, theme")
        theme = options.get("theme", "light")
        if theme not in PALETTES:
            raise PolicyError(f"theme is {theme!r}. Hint: one of {', '.join(get_args(Theme))}")
        size = [options.get("width"), options.get("height")]
        given = [
            default if value is None else value for value, default in zip(size, (width, height), strict=True)
        ]
        if min(given) <= 0:
            raise PolicyError(f"width and height are positive numbers of pixels; found {given}")
        return cls(given[0], given[1], PALETTES[theme])


def row_look(options: LookOptions, *, width: int) -> Look:
    """The look of a chart with a line for each row: its height is 0, and follows from the rows, unless given."""
    own = Look.of(options, width=width)
    return own if options.get("height") is not None else replace(own, height=0)


def configuration(look: Look) -> dict[str, Any]:
    """The configuration of Vega-Lite that carries the look; it is part of every chart."""
    colours = look.colours
    text = {"labelColor": colours.soft, "titleColor": colours.ink}
    sizes = {"labelFontSize": TEXT, "titleFontSize": TEXT, "titleFontWeight": 600}
    return {
        "background": colours.page,
        "font": FONT,
        "padding": 10,
        "view": {"stroke": None},
        "axis": {
            **text,
            **sizes,
            "domainColor": colours.line,
            "gridColor": colours.line,
            "tickColor": colours.line,
            "labelLimit": 320,
            "labelPadding": 6,
            "titlePadding": 8,
        },
        "legend": {**text, **sizes, "labelLimit": 180, "symbolSize": 80, "symbolStrokeWidth": 2},
        "header": {
            **text,
            **sizes,
            "labelColor": colours.ink,
            "labelFontWeight": 600,
            "labelLimit": look.width,
        },
        "title": {
            "color": colours.ink,
            "subtitleColor": colours.soft,
            "fontSize": TITLE,
            "subtitleFontSize": TEXT,
            "subtitlePadding": 6,
            "subtitleLineHeight": 14,
            "anchor": "start",
            "frame": "bounds",
            "offset": 14,
        },
        "text": {"fontSize": TEXT, "color": colours.ink},
        "line": {"strokeWidth": 2},
        "range": {"category": list(colours.series)},
    }
