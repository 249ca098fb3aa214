"""One episode at a time in a world of its own: what runs inside a simulator process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.errors import SimulationFault
from wam_demo.evaluate.specs.evaluation import NOMINAL
from wam_demo.evaluate.specs.scene import PROGRESS_STEPS, RoundReport, SceneSpec
from wam_demo.sim.suites import PARTS
from wam_demo.types import CONTROL_HZ, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.evaluate.executors.video import EpisodeVideo
    from wam_demo.sim.world import World


class EpisodeRunner:
    """Plays one episode after the other in a world of its own."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._scene = SceneSpec("", 0)
        self._progress = RoundReport(None)
        self._since_success = 0
        self._distances: list[float] = []
        self._video: EpisodeVideo | None = None

    def begin(self, scene: SceneSpec) -> RoundReport:
        """Reset to a scene; builds the world anew when the task changes."""
        from wam_demo.sim.world import World

        if self._world is None or self._world.task != scene.task:
            self.close()
            self._world = World(scene.task)
        self._scene, self._since_success = scene, 0
        self._world.calibration = scene.calibration
        _reset(self._world, scene)
        self._start_video(scene)
        self._progress = RoundReport(self._observe())
        self._distances = []
        self._note_distance()
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
            unscored=self.world.unscored,
        )
        if not self._progress.done and steps % PROGRESS_STEPS == 0:
            self._note_distance()
        if self._video is not None:
            self._video.add(self.world, self._progress.success)

    def _report(self) -> RoundReport:
        progress = self._progress
        if progress.done:
            if progress.fault is None:
                self._note_distance()
            distances = tuple(self._distances) if progress.fault is None else ()
            return replace(progress, goal_distances_m=distances, video=self._finish_video())
        return replace(progress, observation=self._observe())

    def _note_distance(self) -> None:
        """Remember how far the task is from done, to the millimetre: more only fills journals."""
        distance = self.world.goal_distance()
        if distance is not None:
            self._distances.append(round(distance, 3))

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
        from wam_demo.evaluate.executors.video import EpisodeVideo

        if self._video is not None:
            self._video.close()
        self._video = EpisodeVideo(scene.video) if scene.video else None
        if self._video is not None:
            self._video.add(self.world, False)


def _reset(world: World, scene: SceneSpec) -> None:
    """Draw the scene, then disturb it: the same seed gives the same scene to every policy."""
    world.draw(scene.seed)
    if scene.axis in PARTS:
        from wam_demo.sim.unseen import set_up

        set_up(world, scene.axis)
    elif scene.axis != NOMINAL:
        from wam_demo.sim.perturb import sample

        world.apply(sample(scene.axis, scene.severity, scene.seed, world))
    if scene.instruction is not None:
        from wam_demo.robots.instructions import understand

        reading = understand(scene.instruction, scene.task, world.assignment)
        world.instruction = scene.instruction
        world.follow(reading)
