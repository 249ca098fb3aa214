"""Charts as inline SVG: severity curves with intervals, and a radar over the axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin

from wam_demo.evaluate.report.rendering import render

COLOURS = ("#b34a00", "#1769b5", "#7a45c4", "#137a46", "#b5485a", "#6b7280")
"""One a series, in the order of the grid; the first four are those of the Robustness tab."""


@dataclass(frozen=True)
class Point:
    """A rate at a severity, with its interval; all but ``x`` in 0 .. 1."""

    x: float
    rate: float
    low: float
    high: float


def colour(index: int) -> str:
    """The colour of a series."""
    return COLOURS[index % len(COLOURS)]


def curves(
    series: Mapping[str, Sequence[Point]],
    *,
    title: str,
    x_label: str = "severity",
    y_range: tuple[float, float] = (0.0, 1.0),
    ticks: Sequence[str] | None = None,
    size: tuple[int, int] = (300, 190),
    named: bool = False,
) -> str:
    """One line a series with its intervals as whiskers; ``<svg>`` of a fixed view box.

    Args:
        series: Points by name.
        title: Above the chart.
        x_label: Below it.
        y_range: What the vertical axis shows.
        ticks: Labels of the x values, ascending; the values themselves by default.
        size: Width and height [px].
        named: Write the names of the series into the chart, for one without a legend beside it.
    """
    width, height = size
    left, right, top, bottom = 40, 10, 26, 34
    xs = sorted({point.x for points in series.values() for point in points}) or [0.0, 1.0]
    span = (xs[-1] - xs[0]) or 1.0

    def across(x: float) -> float:
        return left + 8 + (x - xs[0]) / span * (width - left - right - 16)

    def up(y: float) -> float:
        return top + (y_range[1] - y) / (y_range[1] - y_range[0]) * (height - top - bottom)

    levels = [y_range[0] + k / 4 * (y_range[1] - y_range[0]) for k in range(5)]
    lines = [
        {
            "name": name,
            "colour": colour(index),
            # shifted a little, so that whiskers do not overlap
            "points": [(across(p.x) + 3 * index, up(p.rate), up(p.low), up(p.high)) for p in points],
        }
        for index, (name, points) in enumerate(series.items())
    ]
    return render(
        "curves.svg",
        title=title,
        x_label=x_label,
        width=width,
        height=height,
        left=left,
        right=width - right,
        top=top,
        bottom=height - bottom,
        levels=[(up(level), f"{100 * level:.0f} %") for level in levels],
        ticks=[(across(x), label) for x, label in zip(xs, ticks or [f"{x:g}" for x in xs], strict=True)],
        series=lines,
        named=named,
    )


def radar(axes: Sequence[str], series: Mapping[str, Sequence[float | None]], *, title: str, size: int = 420) -> str:
    """One closed line a series over the axes, 0 at the centre and 1 at the rim; ``None`` leaves a gap."""
    centre, rim = size / 2, size / 2 - 82

    def place(index: int, value: float) -> tuple[float, float]:
        angle = 2 * pi * index / len(axes) - pi / 2
        return centre + value * rim * cos(angle), centre + value * rim * sin(angle)

    def anchor(x: float) -> str:
        return "middle" if abs(x - centre) < 12 else "start" if x > centre else "end"

    labels = [(axis, *place(index, 1.1)) for index, axis in enumerate(axes)]
    return render(
        "radar.svg",
        title=title,
        size=size,
        centre=centre,
        levels=[(level * rim, f"{100 * level:.0f} %") for level in (0.25, 0.5, 0.75, 1.0)],
        spokes=[(axis, place(i, 1.0), (x, y + 4), anchor(x)) for i, (axis, x, y) in enumerate(labels)],
        series=[
            (name, colour(number), [place(i, value) for i, value in enumerate(values) if value is not None])
            for number, (name, values) in enumerate(series.items())
        ],
    )
