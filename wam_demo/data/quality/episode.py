"""What quality flags are computed from: the numbers of one episode."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.lerobot import Dataset
from wam_demo.data.schema import COMMANDED
from wam_demo.errors import DataError
from wam_demo.types import ACTION_DIM, OPENING_INDEX, STATE_DIM


@dataclass(frozen=True)
class Problem:
    """One thing that is odd about an episode.

    Attributes:
        episode: Its index.
        kind: A word, e.g. ``stall``.
        detail: What and where, in one line.
    """

    episode: int
    kind: str
    detail: str


@dataclass(frozen=True)
class EpisodeNumbers:
    """The numbers of one episode.

    Attributes:
        episode: Its index.
        fps: Frames a second.
        position: (T, 3) TCP position [m].
        opening: (T,) gripper opening 0..1.
        action: (T, 7) as applied.
        commanded: (T, 7) as asked for; ``None`` where only the applied action is known.
        timestamp: (T,) [s].
    """

    episode: int
    fps: float
    position: NDArray
    opening: NDArray
    action: NDArray
    commanded: NDArray | None
    timestamp: NDArray

    def __len__(self) -> int:
        return len(self.position)

    def part(self, episode: int, start: int, stop: int) -> Self:
        """Frames ``start`` .. ``stop`` - 1, under another number."""
        commanded = None if self.commanded is None else self.commanded[start:stop]
        position, opening, action = (array[start:stop] for array in (self.position, self.opening, self.action))
        return type(self)(episode, self.fps, position, opening, action, commanded, self.timestamp[start:stop])

    def moves(self) -> NDArray[np.bool_]:
        """(T - 1,) whether the arm or the gripper moves between two frames."""
        speed = np.linalg.norm(np.diff(self.position, axis=0), axis=1) * self.fps
        gripper = np.abs(np.diff(self.opening)) * self.fps
        return (speed > STILL_M_S) | (gripper > STILL_OPENING_S)


STILL_M_S, STILL_OPENING_S = 0.005, 0.05
"""Below these speeds the arm [m/s] and the gripper [1/s] stand still."""


def episode_numbers(dataset: Dataset) -> Iterator[EpisodeNumbers]:
    """The numbers of every episode.

    Raises:
        DataError: The dataset's states or actions are others than ours.
    """
    for name, size in (("observation.state", STATE_DIM), ("action", ACTION_DIM)):
        if name not in dataset.features or dataset.features[name].shape != (size,):
            raise DataError(f"{dataset.root} has no {name} of {size} numbers: its episodes cannot be judged")
    state, action = dataset.column("observation.state"), dataset.column("action")
    commanded = dataset.column(COMMANDED) if COMMANDED in dataset.features else None
    times = dataset.column("timestamp")
    for episode, (start, stop) in enumerate(dataset.episode_bounds):
        rows = slice(int(start), int(stop))
        yield EpisodeNumbers(
            episode,
            dataset.fps,
            state[rows, :3].astype(float),
            state[rows, OPENING_INDEX].astype(float),
            action[rows].astype(float),
            None if commanded is None else commanded[rows].astype(float),
            times[rows].astype(float),
        )
