"""The Live tab's what-if: a person points at a place or draws a way, and sees what comes if the hand goes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.policies.engine import Futures
from wam_demo.runtime import SessionView
from wam_demo.types import CONTROL_HZ, FUTURE_STEPS, ActionChunk, Image, Observation, Vector
from wam_demo.ui.live.ghost import way_in_picture
from wam_demo.ui.live.inquirer import Answer
from wam_demo.ui.shared.packet import Tile
from wam_demo.ui.shared.questions import CounterfactualPlanning
from wam_demo.ui.shared.strip import picture
from wam_demo.ui.shared.timeline import planned_path, rows


@dataclass(frozen=True)
class CounterfactualPlan:
    """What a person asked, at which moment.

    Attributes:
        planning: The policy.
        episode: Of the view that was asked about.
        step: Control step of its newest observation.
        observation: What the policy saw.
        at: Image coordinates 0..1 of ``front`` where the way ends.
        chunk: The plan that goes there.
        way: (N, 2) image coordinates of where it leads the tool, as far as that is known.
        warn: Shows the person one line; called from any thread.
    """

    planning: CounterfactualPlanning
    episode: int
    step: int
    observation: Observation
    at: tuple[float, float]
    chunk: ActionChunk
    way: Vector
    warn: Callable[[str], None]

    def submit(self) -> Future[Futures]:
        """Ask for one future."""
        return self.planning.submit(self.observation, self.chunk)

    def find(self, result: Futures) -> Mapping[str, Image]:
        """(4, H, W, 3) uint8 by camera."""
        return result[0]


def counterfactual_plan(
    view: SessionView,
    planning: CounterfactualPlanning | None,
    way: Sequence[tuple[float, float]],
    warn: Callable[[str], None],
) -> CounterfactualPlan:
    """A question about the newest moment of a view.

    Args:
        view: What the person looks at.
        planning: Of its policy.
        way: Where the hand should go: one place, or its way there, image coordinates 0..1 of ``front``.
        warn: Shows the person one line.

    Raises:
        InvalidInputError: The policy cannot be asked, or there is no table at that place.
    """
    policy = view.settings.policy
    if planning is None:
        raise InvalidInputError(f"{policy} cannot tell what another plan would lead to")
    chunk = planning.plan(view.observation, way)
    if chunk is None:
        raise InvalidInputError("there is no table there: point at a place on the table, or draw a way above it")
    step = round(view.observation.time * CONTROL_HZ)
    led = way_in_picture(view, chunk.actions[:, :3])
    return CounterfactualPlan(planning, view.episode, step, view.observation, way[-1], chunk, led, warn)


def counterfactual_tiles(answer: Answer[CounterfactualPlan] | None, view: SessionView) -> dict[str, Tile]:
    """The frames by ``whatif.steps ahead.camera``; none of another episode."""
    if answer is None or answer.ask.episode != view.episode:
        return {}
    return {
        f"whatif.{ahead}.{camera}": picture((view.episode, answer.number), frames[index])
        for camera, frames in answer.finding.items()
        for index, ahead in enumerate(FUTURE_STEPS)
    }


def counterfactual_status(answer: Answer[CounterfactualPlan] | None, view: SessionView) -> dict[str, Any] | None:
    """What the page says about it: JSON-ready; ``None`` when there is nothing of this episode."""
    if answer is None or answer.ask.episode != view.episode:
        return None
    return {
        "number": answer.number,
        "step": answer.ask.step,
        "at": list(answer.ask.at),
        "ms": round(answer.milliseconds),
        "way": rows(answer.ask.way),
        "path": rows(planned_path(answer.ask.chunk.actions)),
    }
