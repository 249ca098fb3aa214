"""One episode at a time in a world of its own: what runs inside a simulator process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import SimulationFault
from wam_demo.types import CONTROL_HZ, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.evaluate.video import EpisodeVideo
    from wam_demo.sim.world import World


@dataclass(frozen=True)
class SceneSpec:
    """Everything that determines an episode besides the actions.

    Attributes:
        task: Task name.
        seed: Seed of the reset.
        axis: Perturbation axis or ``none``.
        severity: 1 .. 5; 0 on ``none``.
        instruction: Replaces the scene's own, if given.
        horizon: Control steps after which the episode has failed.
        linger: Control steps to go on after the first success.
        images: Whether observations hold images.
        video: Where to write a video of the episode, if anywhere.
    """

    task: str
    seed: int
    axis: str = "none"
    severity: int = 0
    instruction: str | None = None
    horizon: int = 0
    linger: int = 0
    images: bool = True
    video: Path | None = None


@dataclass(frozen=True)
class RoundReport:
    """Where an episode stands after a round.

    Attributes:
        observation: The newest one; ``None`` when the episode is over.
        steps: Control steps played so far.
        done: The episode is over.
        success: The success predicate held for 0.5 s at some time.
        success_now: It holds in the last state.
        fault: One line when the simulator failed.
        actions: (T, 7) float32 of a finished episode whose actions only this end knows.
        miss_m: At the end, distance [m] from the target to its goal, or to the TCP without a goal.
        video: The finished video, if there is one.
    """

    observation: Observation | None
    steps: int = 0
    done: bool = False
    success: bool = False
    success_now: bool = False
    fault: str | None = None
    actions: Vector | None = None
    miss_m: float | None = None
    video: Path | None = None


class EpisodeRunner:
    """Plays one episode after the other in a world of its own."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._scene = SceneSpec("", 0)
        self._progress = RoundReport(None)
        self._since_success = 0
        self._video: EpisodeVideo | None = None

    def begin(self, scene: SceneSpec) -> RoundReport:
        """Reset to a scene; builds the world anew when the task changes."""
        from wam_demo.sim.world import World

        if self._world is None or self._world.task != scene.task:
            self.close()
            self._world = World(scene.task)
        self._scene, self._since_success = scene, 0
        _reset(self._world, scene)
        self._start_video(scene)
        self._progress = RoundReport(self._observe())
        return self._progress

    def play(self, actions: Vector) -> RoundReport:
        """Execute (K, 7) actions, or fewer when the episode ends before."""
        for action in actions:
            if self._progress.done:
                break
            self._step(action)
        return self._report()

    def play_expert(self) -> RoundReport:
        """Execute the scripted expert, planning anew at every step, to the end of the episode."""
        from wam_demo.sim.expert import Expert

        expert, actions = Expert(self.world), []
        while not self._progress.done:
            actions.append(expert.act())
            self._step(actions[-1])
        return replace(self._report(), actions=np.array(actions, np.float32))

    @property
    def world(self) -> World:
        """The world of the present episode.

        Raises:
            SimulationFault: There is none: it was lost with its process.
        """
        if self._world is None:
            raise SimulationFault("the simulator died")
        return self._world

    def close(self) -> None:
        """Free the world and finish a video in progress."""
        if self._video is not None:
            self._video.close()
        if self._world is not None:
            self._world.close()
        self._video = self._world = None

    def _step(self, action: Vector) -> None:
        result = self.world.step(action)
        self._since_success += result.success
        steps = self._progress.steps + 1
        over = self._since_success > self._scene.linger or steps >= self._scene.horizon
        self._progress = RoundReport(
            observation=None,
            steps=steps,
            done=over or result.fault is not None,
            success=result.success and result.fault is None,
            success_now=result.success_now,
            fault=result.fault,
        )
        if self._video is not None:
            self._video.add(self.world, self._progress.success)

    def _report(self) -> RoundReport:
        progress = self._progress
        if progress.done:
            return replace(progress, miss_m=_miss(self.world), video=self._finish_video())
        return replace(progress, observation=self._observe())

    def _observe(self) -> Observation:
        world = self.world
        if self._scene.images:
            return world.observe()
        time = world.step_count / CONTROL_HZ
        return Observation({}, world.state_vector(), world.instruction, time)

    def _finish_video(self) -> Path | None:
        if self._video is None:
            return None
        path = self._video.close("success" if self._progress.success else "failure")
        self._video = None
        return path

    def _start_video(self, scene: SceneSpec) -> None:
        from wam_demo.evaluate.video import EpisodeVideo

        if self._video is not None:
            self._video.close()
        self._video = EpisodeVideo(scene.video) if scene.video else None
        if self._video is not None:
            self._video.add(self.world, False)


def _miss(world: World) -> float | None:
    """How far the target is from where it belongs [m]; ``None`` after the physics diverged."""
    from wam_demo.sim.motion import hand

    assignment = world.assignment
    end = hand(world.scene).position if assignment.goal is None else world.scene.position(assignment.goal)
    distance = float(np.linalg.norm(world.scene.position(assignment.target) - end))
    return round(distance, 4) if np.isfinite(distance) else None


def _reset(world: World, scene: SceneSpec) -> None:
    """Draw the scene, then disturb it: the same seed gives the same scene to every policy."""
    world.draw(scene.seed)
    if scene.axis != "none":
        from wam_demo.sim.perturb import sample

        world.apply(sample(scene.axis, scene.severity, scene.seed, world))
    if scene.instruction is not None:
        world.instruction = scene.instruction
