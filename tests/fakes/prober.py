"""A policy without networks whose causes are known: its plan is a weighted sum of what its cells show."""

import numpy as np

from wam_demo.policies.probe import Probe
from wam_demo.policies.tokens import TokenGrid
from wam_demo.types import ActionChunk, Prediction

GRID = TokenGrid(("front", "wrist"), 8)


class FakeProber:
    """A cell's token is its brightness 0..1; the plan moves along x by the weighted sum [m].

    Args:
        weights: (N,) how much each cell matters.
        attention: (N,) where it looks.
    """

    token_grid = GRID

    def __init__(self, weights, attention):
        self.weights = np.asarray(weights, float)
        self.attention = np.asarray(attention, np.float32) / np.sum(attention)
        self.seen = []

    def probe_stages(self, observation, edits, *, seed=0, batch=8):
        edits = GRID.check(edits)
        self.seen.append(observation)
        tokens = brightness(observation)
        sources = np.concatenate([tokens, [0.0], tokens.reshape(2, -1).mean(1)])
        plan, plans = self.weights @ tokens, sources[edits] @ self.weights
        for _ in range(0, len(edits), batch):
            yield None
        change = np.abs(plans - plan).astype(np.float32)
        yield Probe(
            Prediction(chunk(plan), attention=GRID.split(self.attention)),
            np.stack([chunk(value).actions for value in plans]) if len(plans) else np.empty((0, 16, 7), np.float32),
            change,
            change,
        )


def brightness(observation):
    """(N,) mean of each cell, 0..1."""
    cells = [observation.images[camera].mean(-1) for camera in GRID.cameras]
    step = cells[0].shape[0] // GRID.side
    return np.concatenate([c.reshape(8, step, 8, step).mean((1, 3)).ravel() for c in cells]) / 255.0


def chunk(distance):
    """A plan that is at ``distance`` [m] along x from its first step on."""
    actions = np.zeros((16, 7), np.float32)
    actions[0, 0] = distance
    return ActionChunk(actions)
