"""How far a dream can be trusted: driven by the same actions as a simulator, how far are they apart after so long?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from wam_demo.diagnose.imagination import Features, ImaginationScores
from wam_demo.errors import CheckpointError
from wam_demo.policies.dreaming import Dreamer, DreamFrame, DreamMotion
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.robots.dream import AskDream, DreamSource, at_once
from wam_demo.types import CONTROL_HZ, POLICY_CAMERAS, Image, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.sim.world import World

LOOKED_AT = (16, 32, 64, 128)
"""Control steps after which a dream is compared with the simulator."""
SECONDS = tuple(f"{steps / CONTROL_HZ:g}" for steps in LOOKED_AT)
Actions = Literal["recorded", "policy"]
"""Who decides: the scripted expert, in the simulator; or the policy, on what it dreams."""
Decide = Callable[[Observation], Vector]
"""(7,) action of one control step, given what is dreamt."""


@dataclass(frozen=True)
class DreamtEpisode:
    """A dream and the simulator beside it.

    Attributes:
        before: Where both begin, by camera.
        real: (4, H, W, 3) uint8 by camera, after `LOOKED_AT`.
        dreamt: The same of the dream.
        success: Success in the simulator, given the same actions.
        state_error_m: Distance of the dreamt TCP from the simulated one at the end [m].
        frame_ms: Processor time of each frame that was imagined, the reading of its anchor included.
    """

    before: dict[str, Image]
    real: dict[str, Image]
    dreamt: dict[str, Image]
    success: bool
    state_error_m: float
    frame_ms: Sequence[float]


def dreamt_episode(world: World, policy: Dreamer, seed: int, actions: Actions) -> DreamtEpisode | None:
    """Dream one scene beside the simulator; ``None`` if the physics diverged.

    Args:
        world: The task's world; it is reset, executes the dream's actions and is looked at, by nobody who acts.
        policy: Imagines and, if it decides, plans on what it imagines.
        seed: Scene.
        actions: Who decides.

    Raises:
        CheckpointError: These weights cannot dream.
    """
    if policy.calibration is None:
        raise CheckpointError("these weights have no imagination model to dream with")
    first = world.reset(seed)
    frame_ms: list[float] = []
    source = DreamSource(first, where_looked_at(_timed(at_once(policy), frame_ms)), policy.calibration)
    decide = _expert(world) if actions == "recorded" else _planning(policy, seed)
    seen: list[tuple[Observation, Observation]] = []
    for step in range(1, LOOKED_AT[-1] + 1):
        action = decide(source.observe())
        result = world.step(action)
        if result.fault is not None:
            return None
        source.apply(action)
        if step in LOOKED_AT:
            seen.append((world.observe(), source.observe()))
    real, dreamt = (
        {camera: np.stack([pair[which].images[camera] for pair in seen]) for camera in POLICY_CAMERAS}
        for which in (0, 1)
    )
    apart = float(np.linalg.norm(seen[-1][0].state[:3] - seen[-1][1].state[:3]))
    return DreamtEpisode(dict(first.images), real, dreamt, result.success, apart, frame_ms)


def _timed(ask: AskDream, spent_ms: list[float]) -> AskDream:
    """Notes the processor time of what is done at once, in this thread."""

    def ask_and_note(motion: DreamMotion) -> Future[DreamFrame]:
        began = time.thread_time()
        future = ask(motion)
        spent_ms.append(1e3 * (time.thread_time() - began))
        return future

    return ask_and_note


def where_looked_at(ask: AskDream) -> AskDream:
    """Imagines every `EXECUTE_STEPS` after an anchor only: nobody looks at the frames between, and nothing follows."""

    def ask_some(motion: DreamMotion) -> Future[DreamFrame]:
        if motion.steps % EXECUTE_STEPS == 0:
            return ask(motion)
        unseen: Future[DreamFrame] = Future()
        unseen.set_result(DreamFrame(motion.anchor.observation.images, None))
        return unseen

    return ask_some


def score_dreams(
    policy: Dreamer,
    world: World,
    seeds: Sequence[int],
    actions: Actions,
    features: Features | None = None,
    on_episode: Callable[[], None] = lambda: None,
) -> tuple[ImaginationScores, list[DreamtEpisode]]:
    """Dream some scenes and score what they look like after `LOOKED_AT` steps, against repeating the first frame."""
    scores, episodes = ImaginationScores(features, SECONDS), []
    for seed, episode in _dreamt(policy, world, seeds, actions):
        if episode is not None:
            scores.add_frames(episode.before, episode.real, [episode.dreamt], seed)
            episodes.append(episode)
        on_episode()
    return scores, episodes


def _dreamt(
    policy: Dreamer, world: World, seeds: Sequence[int], actions: Actions
) -> Iterator[tuple[int, DreamtEpisode | None]]:
    for seed in seeds:
        yield seed, dreamt_episode(world, policy, seed, actions)


def _expert(world: World) -> Decide:
    from wam_demo.sim.expert import Expert

    expert = Expert(world)
    return lambda dreamt: expert.act()


def _planning(policy: Dreamer, seed: int) -> Decide:
    """The policy's plans, each executed for `EXECUTE_STEPS`; their noise follows from seed and time."""
    plan: list[Vector] = []

    def decide(dreamt: Observation) -> Vector:
        if not plan:
            noise = 1000 * seed + round(CONTROL_HZ * dreamt.time)
            plan.extend(policy.predict([dreamt], [noise])[0].chunk.actions[:EXECUTE_STEPS])
        return plan.pop(0)

    return decide
