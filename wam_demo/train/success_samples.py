"""What a success head learns from: frames with an instruction each, and whether it is fulfilled in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.data.lerobot import Dataset
from wam_demo.data.schema import FULFILLED, OTHER_FULFILLED, OTHER_INSTRUCTION
from wam_demo.errors import InvalidInputError
from wam_demo.models.text import text_encoder
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.types import CONTROL_HZ

HELD = 0.2
"""Share of the episodes of a dataset, the last ones, that are never trained on."""


@dataclass(frozen=True)
class JudgedSamples:
    """Frames of one dataset with an instruction each, which is the frame's own or another one.

    Attributes:
        rows: (S,) int64 of the frame, ascending.
        words: (S,) instruction.
        text: (S, 384) float32, its embedding.
        own: (S,) bool, whether the instruction is the frame's own.
        fulfilled: (S,) bool.
        value: (S,) float32 ``discount ** k``, k control steps until it is fulfilled; 0 where it never is.
        episode: (S,) int64.
        task: (S,) name.
    """

    rows: Tensor
    words: NDArray
    text: Tensor
    own: Tensor
    fulfilled: Tensor
    value: Tensor
    episode: Tensor
    task: NDArray

    @classmethod
    def of(cls, dataset: Dataset, parts: Sequence[tuple[NDArray, ...]]) -> Self:
        """From parts, each rows, words, own, fulfilled and value."""
        rows, words, own, fulfilled, value = (np.concatenate(each) for each in zip(*parts, strict=True))
        order = np.argsort(rows, kind="stable")
        distinct, place = np.unique(words[order].astype(str), return_inverse=True)
        embedded = torch.from_numpy(text_encoder().embed(distinct.tolist()))
        episode = np.asarray(dataset.column("episode_index"), np.int64)[rows[order]]
        task = np.asarray(dataset.column("task_name"), object)[rows[order]]
        holds, near = torch.from_numpy(fulfilled[order]), torch.from_numpy(value[order].astype(np.float32))
        place_t, own_t, episode_t = (torch.from_numpy(part) for part in (place, own[order], episode))
        return cls(torch.from_numpy(rows[order]), words[order], embedded[place_t], own_t, holds, near, episode_t, task)

    def read_by(self, model: WorldActionModel) -> Self:
        """The same with what a network is given of the instructions, as they come sentence embeddings."""
        distinct, place = np.unique(self.words.astype(str), return_inverse=True)
        with torch.no_grad():
            return replace(self, text=model.read_instructions(distinct.tolist()).cpu()[torch.from_numpy(place)])

    def held(self) -> Tensor:
        """(S,) bool: samples of the last episodes, see `HELD`."""
        return self.episode > int(self.episode.max()) * (1 - HELD)

    def joined(self, other: Self) -> JudgedSamples:
        """These and those of another dataset, whose rows and episodes are numbered on."""
        mine, theirs = (vars(part) for part in (self, other))
        both = {
            name: np.concatenate([mine[name], theirs[name]])
            if isinstance(mine[name], np.ndarray)
            else torch.cat([mine[name], theirs[name]])
            for name in mine
        }
        both["episode"] = torch.cat([self.episode, other.episode + int(self.episode.max()) + 1])
        return JudgedSamples(**both)


def steps_until(fulfilled: NDArray, episode: NDArray) -> NDArray[np.float64]:
    """(N,) frames until the next one of the same episode in which it is fulfilled; infinite where none comes."""
    until = np.full(len(fulfilled), np.inf)
    for row in range(len(fulfilled) - 1, -1, -1):
        if fulfilled[row]:
            until[row] = 0
        elif row + 1 < len(fulfilled) and episode[row + 1] == episode[row]:
            until[row] = until[row + 1] + 1
    return until


def attempted(dataset: Dataset, others: float, discount: float, seed: int) -> JudgedSamples:
    """What attempts teach.

    Args:
        dataset: Written by ``demos --attempts``.
        others: Share of the frames that are also judged by another object's instruction; those in which one of the two
            is fulfilled always are.
        discount: Of the value, a control step.
        seed: Draws those frames.

    Raises:
        InvalidInputError: It was not written so.
    """
    if FULFILLED not in dataset.features:
        raise InvalidInputError(f"{dataset.root} does not say what is fulfilled: 'demos --attempts' writes what does")
    episode = np.asarray(dataset.column("episode_index"), np.int64)
    own, other = (np.asarray(dataset.column(name), bool) for name in (FULFILLED, OTHER_FULFILLED))
    asked, said = (np.asarray(words, object) for words in (dataset.instructions, dataset.column(OTHER_INSTRUCTION)))
    drawn = np.random.default_rng([seed, 3]).random(len(own)) < others
    chosen = np.flatnonzero((drawn | own | other) & (asked != said))
    parts = []
    for is_own, rows, words, holds in ((True, np.arange(len(own)), asked, own), (False, chosen, said, other)):
        value = discount ** (_every(dataset) * steps_until(holds, episode))
        parts.append((rows, words[rows], np.full(len(rows), is_own), holds[rows], value[rows]))
    return JudgedSamples.of(dataset, parts)


def demonstrated(dataset: Dataset, discount: float) -> JudgedSamples:
    """What demonstrations teach: fulfilled from where success has held for 0.5 s, not fulfilled before.

    The frame before the first success is left out: nobody knows whether it was fulfilled by then.

    Raises:
        InvalidInputError: The dataset does not say what succeeded.
    """
    if "next.success" not in dataset.features:
        raise InvalidInputError(f"{dataset.root} does not say what succeeded")
    episode, holds = (np.asarray(dataset.column(name)) for name in ("episode_index", "next.success"))
    asked, holds = np.asarray(dataset.instructions, object), holds.astype(bool)
    unclear = ~holds & (steps_until(holds, episode) == 1)
    value = discount ** (_every(dataset) * steps_until(holds, episode))
    rows = np.flatnonzero(~unclear)
    return JudgedSamples.of(dataset, [(rows, asked[rows], np.ones(len(rows), bool), holds[rows], value[rows])])


def _every(dataset: Dataset) -> int:
    """Control steps from one frame to the next."""
    return max(1, round(CONTROL_HZ / dataset.fps))
