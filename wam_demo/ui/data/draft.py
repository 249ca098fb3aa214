"""A dataset while it is edited on a page: every change can be taken back until it is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wam_demo.data.cuts import Cut, Cuts, whole
from wam_demo.data.edit import edit_in_place, write_cuts
from wam_demo.data.integrity import damages
from wam_demo.data.lerobot import Dataset
from wam_demo.data.quality.check import check_numbers
from wam_demo.data.quality.episode import EpisodeNumbers, Problem, episode_numbers
from wam_demo.data.schema import INFO_PATH
from wam_demo.errors import DataError, InvalidInputError


@dataclass(frozen=True)
class Source:
    """A dataset on disk, as it was when it was opened.

    Attributes:
        dataset: The dataset.
        stamp: Changes with every edit and every further episode.
        rows: Of ``meta/episodes``.
        damages: What is broken, by episode.
        numbers: By episode; empty where they are damaged or of another robot.
    """

    dataset: Dataset
    stamp: int
    rows: list[dict[str, Any]]
    damages: Mapping[int, str]
    numbers: list[EpisodeNumbers]


def open_source(root: Path) -> Source:
    """Read a dataset without its pictures.

    Raises:
        DataError: It holds no episode, or is damaged beyond its episodes.
    """
    stamp, dataset = stamp_of(root), Dataset(root)
    if not dataset.num_episodes:
        raise DataError(f"{root.name} holds no episode yet")
    damaged = dict(damages(dataset))
    try:
        numbers = [] if damaged else list(episode_numbers(dataset))
    except DataError:  # another robot's: it can be cut, but not judged
        numbers = []
    return Source(dataset, stamp, dataset.episodes().to_pylist(), damaged, numbers)


def stamp_of(root: Path) -> int:
    """Changes whenever the dataset does."""
    try:
        return (root / INFO_PATH).stat().st_mtime_ns
    except OSError:
        raise DataError(f"{root.name} holds no finished dataset") from None


class Draft:
    """Edits of one dataset, none of them on disk before `save`.

    Args:
        root: Folder of the dataset.

    Raises:
        DataError: See `open_source`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sources = {root: open_source(root)}
        self._history: list[Cuts] = [whole(self._sources[root].dataset)]

    @property
    def cuts(self) -> Cuts:
        """What is kept, as it stands now."""
        return self._history[-1]

    @property
    def changes(self) -> int:
        """Changes that are not saved."""
        return len(self._history) - 1

    def change(self, edit: Callable[[Cuts], Cuts]) -> None:
        """Apply a pure function of `wam_demo.data.cuts`; one that changes nothing is not counted."""
        if (changed := edit(self.cuts)) != self.cuts:
            self._history.append(changed)

    def append(self, root: Path) -> None:
        """Take in every episode of another dataset.

        Raises:
            DataError: It is damaged, or has other features or another rate.
        """
        other, own = open_source(root), self.source(self.cuts[0])
        if (other.dataset.features, other.dataset.fps) != (own.dataset.features, own.dataset.fps):
            raise DataError(f"{root.name} has other features or another frame rate than {self.root.name}")
        self._sources[root] = other
        self._history.append((*self.cuts, *whole(other.dataset)))

    def undo(self) -> None:
        """Take back the last change; raises `InvalidInputError` without one."""
        if not self.changes:
            raise InvalidInputError("nothing has been changed since it was saved")
        self._history.pop()

    def save(self, target: Path) -> None:
        """Write what is left, in place of the dataset or as a new one.

        Raises:
            DataError: A kept episode is damaged, a dataset has changed meanwhile, or ``target`` is another dataset.
        """
        for root in {cut.root for cut in self.cuts} | {self.root}:
            if stamp_of(root) != self._sources[root].stamp:
                raise DataError(f"{root.name} has changed since it was opened here: open it again")
        if target == self.root:
            edit_in_place(self.root, self.cuts)
        else:
            write_cuts(self.cuts, target)

    def source(self, cut: Cut) -> Source:
        """Where a cut lies."""
        return self._sources[cut.root]

    def problems(self) -> list[Problem]:
        """What a person should look at, by number as the episodes stand now."""
        found = [
            Problem(number, "damaged", detail)
            for number, cut in enumerate(self.cuts)
            if (detail := self.source(cut).damages.get(cut.episode))
        ]
        judged = [
            self.source(cut).numbers[cut.episode].part(number, cut.start, cut.stop)
            for number, cut in enumerate(self.cuts)
            if self.source(cut).numbers
        ]
        return found + (check_numbers(judged) if judged else [])

    def row(self, cut: Cut) -> dict[str, Any]:
        """The row of ``meta/episodes`` of a cut's episode."""
        return self.source(cut).rows[cut.episode]
