"""What an edited dataset consists of: cuts of episodes, changed by pure functions, so that undo is the list before."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wam_demo.data.lerobot import Dataset
from wam_demo.errors import InvalidInputError
from wam_demo.limits import INSTRUCTION_CHARACTERS


@dataclass(frozen=True)
class Cut:
    """A part of an episode that is kept.

    Attributes:
        root: Dataset that it lies in.
        episode: Its index there.
        start: First frame that is kept.
        stop: Frame after the last one that is kept.
        instruction: Replaces the episode's own.
        success: Replaces the episode's own verdict; a person's word.
    """

    root: Path
    episode: int
    start: int
    stop: int
    instruction: str | None = None
    success: bool | None = None

    def __len__(self) -> int:
        return self.stop - self.start


Cuts = tuple[Cut, ...]


def whole(*datasets: Dataset) -> Cuts:
    """Every episode of datasets, one after the other."""
    return tuple(
        Cut(dataset.root, episode, 0, int(stop - start))
        for dataset in datasets
        if dataset.num_episodes
        for episode, (start, stop) in enumerate(dataset.episode_bounds)
    )


def delete(cuts: Sequence[Cut], episodes: Collection[int]) -> Cuts:
    """Without these, numbered as they stand now.

    Raises:
        InvalidInputError: There is no such episode, or none would be left.
    """
    for number in episodes:
        require_episode(cuts, number)
    left = tuple(cut for number, cut in enumerate(cuts) if number not in set(episodes))
    if not left:
        raise InvalidInputError("a dataset keeps at least one episode: delete its folder instead")
    return left


def trim(cuts: Sequence[Cut], episode: int, start: int = 0, stop: int | None = None) -> Cuts:
    """With only frames ``start`` .. ``stop`` - 1 of an episode, counted in what is left of it.

    Raises:
        InvalidInputError: There is no such episode, or the frames are not among its own.
    """
    cut = require_episode(cuts, episode)
    last = len(cut) if stop is None else stop
    if not 0 <= start < last <= len(cut):
        raise InvalidInputError(f"frames {start} .. {last} of episode {episode}: valid is 0 .. {len(cut)}, not empty")
    return _with(cuts, episode, replace(cut, start=cut.start + start, stop=cut.start + last))


def relabel(
    cuts: Sequence[Cut], episodes: Collection[int], *, instruction: str | None = None, success: bool | None = None
) -> Cuts:
    """With another instruction or another verdict.

    Raises:
        InvalidInputError: There is no such episode, or the instruction is empty or too long.
    """
    if instruction is not None and not 0 < len(instruction.strip()) <= INSTRUCTION_CHARACTERS:
        raise InvalidInputError(f"an instruction has 1 .. {INSTRUCTION_CHARACTERS} characters")
    changed = tuple(cuts)
    for number in episodes:
        cut = require_episode(changed, number)
        said = cut.instruction if instruction is None else instruction.strip()
        judged = cut.success if success is None else success
        changed = _with(changed, number, replace(cut, instruction=said, success=judged))
    return changed


def require_episode(cuts: Sequence[Cut], episode: int) -> Cut:
    """The cut of this number; raises `InvalidInputError`."""
    if not 0 <= episode < len(cuts):
        raise InvalidInputError(f"there is no episode {episode}; valid: 0 .. {len(cuts) - 1}")
    return cuts[episode]


def _with(cuts: Sequence[Cut], number: int, cut: Cut) -> Cuts:
    return (*cuts[:number], cut, *cuts[number + 1 :])
