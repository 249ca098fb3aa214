"""The picture of the intervals' coverage in docs/robustness.md: ``python tools/coverage_picture.py``."""

from __future__ import annotations

from pathlib import Path

from wam_demo.evaluate.report.charts import Point, curves
from wam_demo.evaluate.statistics.coverage import measure
from wam_demo.evaluate.statistics.rates import wilson

TRIALS = 4000
OUT = Path(__file__).parents[1] / "docs" / "pictures" / "coverage.svg"


def figure(coverage: dict[str, dict[int, float]], trials: int) -> str:
    """Coverage over episodes as SVG, with the 95 % interval of the simulation itself."""
    series = {}
    for name, by_size in coverage.items():
        points = []
        for place, share in enumerate(by_size.values()):
            interval = wilson(round(share * trials), trials)
            points.append(Point(place, share, interval.low, interval.high))
        series[name] = points
    ticks = [str(n) for n in next(iter(coverage.values()))]
    chart = curves(
        series,
        title="Coverage of nominal 95 % intervals",
        x_label="episodes",
        y_range=(0.91, 0.99),
        ticks=ticks,
        size=(420, 240),
        named=True,
    )
    return chart.replace("<svg ", '<svg style="background:#fff;color:#1b2430" ', 1)  # a file has no page around it


if __name__ == "__main__":
    OUT.write_text(figure(measure(TRIALS), TRIALS) + "\n")
