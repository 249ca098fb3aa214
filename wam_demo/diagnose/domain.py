"""Whether a recording looks like what a world model was trained on: does imagination beat keeping the last frame?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wam_demo.types import FUTURE_STEPS

AHEAD = FUTURE_STEPS[1]
"""Control steps ahead at which it is judged, the horizon that the page shows first."""
STILL_DB = 35.0
"""Where the last frame kept is better than this, hardly anything moves, and the tokenizer's own loss would decide."""
MOST = 0.75
"""Share of the moments that must agree with the mean."""


def domain_verdict(imagined: Sequence[float], kept: Sequence[float]) -> dict[str, Any] | None:
    """Judge a recording by the moments in which something moves.

    Args:
        imagined: PSNR [dB] of imagined pictures `AHEAD` steps later, by moment.
        kept: The same for the last frame kept, in the same order and under the same disturbance.

    Returns:
        ``steps_ahead``; ``moments`` that count; ``better``: in how many imagination wins; ``gain_db``: mean
        advantage [dB], ``None`` if nothing moves; ``verdict``: ``inside``, ``outside``, ``unclear`` (mean and
        moments disagree) or ``still`` (nothing moves). ``None`` without imagination.
    """
    if not len(imagined):
        return None
    gains = np.subtract(imagined, kept)[np.less(kept, STILL_DB)]
    better, count = int((gains > 0).sum()), len(gains)
    content = {"steps_ahead": AHEAD, "moments": count, "better": better}
    if not count:
        return {**content, "gain_db": None, "verdict": "still"}
    gain = float(gains.mean())
    agreeing = better if gain > 0 else count - better
    verdict = "unclear" if agreeing < MOST * count else "inside" if gain > 0 else "outside"
    return {**content, "gain_db": gain, "verdict": verdict}
