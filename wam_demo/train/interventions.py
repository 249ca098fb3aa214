"""How often a frame is drawn when a policy learns from recordings: a person's corrections weigh more.

The weights are those of Sirius (arXiv 2211.08416).
"""

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import CHUNK_STEPS, CONTROL_HZ

INTERVENTION_SHARE = 0.5
"""Share of the draws that a person's interventions have together, where an episode was handed over at all."""
MISTAKE_S = CHUNK_STEPS / CONTROL_HZ
"""Time before a takeover in which the policy was already wrong [s]; chunks begun in it end in the correction."""


def draw_weights(intervention: NDArray, episode: NDArray, fps: float) -> NDArray[np.float64]:
    """Weight of every frame in the draw of training batches; together 1.

    In an episode in which a person took over, the frames of the last 1.6 s before each takeover are not drawn: they
    show the mistake. Interventions have half of all draws; every other frame has the same part of the rest. Where
    nobody took over, or a person drove from beginning to end, every frame counts the same.

    Args:
        intervention: (N,) bool, whether a person drove.
        episode: (N,) episode index, ascending.
        fps: Frames a second.
    """
    person, kept = intervention.astype(bool), np.ones(len(episode), bool)
    corrected = np.zeros(len(episode), bool)
    before = round(MISTAKE_S * fps)
    for index in np.unique(episode):
        rows = np.flatnonzero(episode == index)
        drove = person[rows]
        if drove.all() or not drove.any():
            continue
        corrected[rows] = drove
        for start in np.flatnonzero(drove[1:] & ~drove[:-1]) + 1:
            kept[rows[max(0, start - before) : start]] = False
    kept |= corrected  # a second takeover soon after the first does not take its frames away
    others = kept & ~corrected
    if not corrected.any() or not others.any():
        return kept / kept.sum()
    return np.where(corrected, INTERVENTION_SHARE / corrected.sum(), others * (1 - INTERVENTION_SHARE) / others.sum())
