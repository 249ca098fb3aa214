"""The Live tab's what-if: a person points at a place, and sees what is imagined if the hand goes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.policies.engine import Futures
from wam_demo.runtime import SessionView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS, ActionChunk, Image, Observation, Vector
from wam_demo.ui.live.inquirer import Answer
from wam_demo.ui.live.present import as_is
from wam_demo.ui.live.probe import path_of
from wam_demo.ui.shared.packet import Tile


@dataclass(frozen=True)
class Wondering:
    """How a policy is asked here.

    Attributes:
        point: Point of the table [m] at image coordinates 0..1 of ``front``, if there is one.
        plan: The plan that goes there.
        submit: Asks what a plan leads to and returns at once.
    """

    point: Callable[[tuple[float, float]], Vector | None]
    plan: Callable[[Observation, Vector], ActionChunk]
    submit: Callable[[Observation, ActionChunk], Future[Futures]]


@dataclass(frozen=True)
class WhatIf:
    """What a person asked, at which moment.

    Attributes:
        wondering: The policy.
        episode: Of the view that was asked about.
        step: Control step of its newest observation.
        observation: What the policy saw.
        at: Image coordinates 0..1 of ``front``.
        chunk: The plan that goes there.
        warn: Shows the person one line; called from any thread.
    """

    wondering: Wondering
    episode: int
    step: int
    observation: Observation
    at: tuple[float, float]
    chunk: ActionChunk
    warn: Callable[[str], None]

    def submit(self) -> Future[Futures]:
        """Ask for one future."""
        return self.wondering.submit(self.observation, self.chunk)

    def find(self, result: Futures) -> Mapping[str, Image]:
        """(4, H, W, 3) uint8 by camera."""
        return result[0]


def wonder_about(
    view: SessionView, wondering: Wondering | None, at: tuple[float, float], warn: Callable[[str], None]
) -> WhatIf:
    """A question about the newest moment of a view.

    Args:
        view: What the person looks at.
        wondering: Of its policy.
        at: Where the hand should go.
        warn: Shows the person one line.

    Raises:
        InvalidInputError: The policy cannot be asked, or there is no table at that place.
    """
    policy = view.settings.policy
    if wondering is None:
        raise InvalidInputError(f"{policy} cannot tell what another plan would lead to")
    point = wondering.point(at)
    if point is None:
        raise InvalidInputError("there is no table there: point at a place on the table")
    step = round(view.observation.time * CONTROL_HZ)
    chunk = wondering.plan(view.observation, point)
    return WhatIf(wondering, view.episode, step, view.observation, at, chunk, warn)


def whatif_tiles(answer: Answer[WhatIf] | None, view: SessionView) -> dict[str, Tile]:
    """The frames by ``whatif.steps ahead.camera``; none of another episode."""
    if answer is None or answer.ask.episode != view.episode:
        return {}
    return {
        f"whatif.{ahead}.{camera}": Tile((view.episode, answer.number), partial(as_is, frames[index]))
        for camera, frames in answer.finding.items()
        for index, ahead in enumerate(FUTURE_STEPS)
    }


def whatif_status(answer: Answer[WhatIf] | None, view: SessionView) -> dict[str, Any] | None:
    """What the page says about it: JSON-ready; ``None`` when there is nothing of this episode."""
    if answer is None or answer.ask.episode != view.episode:
        return None
    return {
        "number": answer.number,
        "step": answer.ask.step,
        "at": list(answer.ask.at),
        "ms": round(answer.milliseconds),
        "path": path_of(answer.ask.chunk.actions),
    }
