"""Demonstrations of every task that a fine-tuning repeats, so that the policy forgets nothing; collected once."""

from pathlib import Path

from wam_demo.data.collect import collect
from wam_demo.sim.tasks.specs import TASKS

EPISODES = 240
"""Forty of each task."""
_EVERY = 2
_SEED = 5
"""A block of reset seeds of its own; see `wam_demo.data.plan.FIRST_SEED`."""


def ensure_rehearsal(folder: Path, episodes: int = EPISODES) -> Path:
    """The demonstrations in ``folder``, collected by the scripted experts if they are not there (minutes).

    A collection that was interrupted goes on where it stopped.
    """
    collect(list(TASKS), episodes, folder, seed=_SEED, every=_EVERY)
    return folder
