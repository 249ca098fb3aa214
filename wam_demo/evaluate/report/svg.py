"""Charts as inline SVG: severity curves with intervals, and a radar over the axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import cos, pi, sin

COLOURS = ("#2f6fd0", "#d9772b", "#2f9468", "#9a57b5", "#b5485a", "#6b7280")
"""One a series, told apart by colour-blind people too; readable on light and dark ground."""
_GREY = "#8a93a1"


@dataclass(frozen=True)
class Point:
    """A rate at a severity, with its interval; all but ``x`` in 0 .. 1."""

    x: float
    rate: float
    low: float
    high: float


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

    parts = [_text(left, 15, title, weight=600)]
    for k in range(5):
        value = y_range[0] + k / 4 * (y_range[1] - y_range[0])
        parts.append(_line(left, up(value), width - right, up(value), _GREY, 0.5, opacity=0.4))
        parts.append(_text(left - 5, up(value) + 3.5, f"{100 * value:.0f} %", anchor="end", faint=True))
    labels = ticks or [f"{x:g}" for x in xs]
    parts += [
        _text(across(x), height - bottom + 15, label, anchor="middle", faint=True)
        for x, label in zip(xs, labels, strict=True)
    ]
    parts.append(_text((left + width - right) / 2, height - 4, x_label, anchor="middle", faint=True))
    for index, (name, points) in enumerate(series.items()):
        if named:
            parts.append(_text(left + 10, top + 14 + 14 * index, name, fill=COLOURS[index % len(COLOURS)]))
        parts.append(_series(name, [(across(p.x), up(p.rate), up(p.low), up(p.high)) for p in points], index))
    return _svg(width, height, title, parts)


def radar(axes: Sequence[str], series: Mapping[str, Sequence[float | None]], *, title: str, size: int = 420) -> str:
    """One closed line a series over the axes, 0 at the centre and 1 at the rim; ``None`` leaves a gap."""
    centre, rim = size / 2, size / 2 - 82

    def place(index: int, value: float) -> tuple[float, float]:
        angle = 2 * pi * index / len(axes) - pi / 2
        return centre + value * rim * cos(angle), centre + value * rim * sin(angle)

    parts = [_text(4, 14, title, weight=600)]
    for level in (0.25, 0.5, 0.75, 1.0):
        parts.append(
            f'<circle cx="{centre}" cy="{centre}" r="{level * rim:.1f}" fill="none" stroke="{_GREY}" '
            f'stroke-width="0.5" opacity="0.5"/>'
        )
        parts.append(_text(centre + 3, centre - level * rim + 10, f"{100 * level:.0f} %", faint=True))
    for index, axis in enumerate(axes):
        x, y = place(index, 1.0)
        parts.append(_line(centre, centre, x, y, _GREY, 0.5, opacity=0.5))
        x, y = place(index, 1.1)
        anchor = "middle" if abs(x - centre) < 12 else "start" if x > centre else "end"
        parts.append(_text(x, y + 4, axis, anchor=anchor))
    for number, (name, values) in enumerate(series.items()):
        corners = [place(index, value) for index, value in enumerate(values) if value is not None]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        colour = COLOURS[number % len(COLOURS)]
        parts.append(
            f'<polygon points="{points}" fill="{colour}" fill-opacity="0.08" stroke="{colour}" stroke-width="2" '
            f'stroke-linejoin="round"><title>{escape(name)}</title></polygon>'
        )
    return _svg(size, size, title, parts)


def legend(names: Sequence[str]) -> str:
    """HTML: the colour of every series."""
    items = (
        f'<span class="key"><i style="background:{COLOURS[index % len(COLOURS)]}"></i>{escape(name)}</span>'
        for index, name in enumerate(names)
    )
    return f'<p class="legend">{"".join(items)}</p>'


def _series(name: str, points: Sequence[tuple[float, float, float, float]], index: int) -> str:
    """Points as (x, rate, low, high) in pixels; a series is shifted a little so that whiskers do not overlap."""
    colour, shift = COLOURS[index % len(COLOURS)], 3.0 * index
    line = " ".join(f"{x + shift:.1f},{y:.1f}" for x, y, _, _ in points)
    parts = [f"<title>{escape(name)}</title>"]
    parts += [_line(x + shift, low, x + shift, high, colour, 1.2, opacity=0.6) for x, _, low, high in points]
    parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts += [f'<circle cx="{x + shift:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y, _, _ in points]
    return f"<g>{''.join(parts)}</g>"


def _svg(width: int, height: int, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="11">'
        f"{''.join(parts)}</svg>"
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float, opacity: float = 1.0) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}" opacity="{opacity}"/>'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: int = 400,
    faint: bool = False,
    fill: str = "currentColor",
) -> str:
    fill = _GREY if faint else fill
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="{fill}">'
        f"{escape(text)}</text>"
    )
