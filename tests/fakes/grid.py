"""A grid executor without simulators: every episode follows from its seed."""

import time

import numpy as np

from wam_demo.evaluate.specs.evaluation import EpisodeResult
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord, PlayedEpisode

SPEC = GridSpec(
    policies=("hold", "expert"), tasks=("pick_place", "push"), axes=("none", "light", "shove"), severities=(1, 3, 5)
)


def played(policy, scene) -> EpisodeRecord:
    """Harder with severity; every ninth expert episode on axis ``shove`` is a simulator fault."""
    number = scene.seed % 1000
    fault = policy == "expert" and scene.axis == "shove" and number % 9 == 8
    success = not fault and policy == "expert" and number % 6 >= scene.severity
    outcome = "sim_fault" if fault else "success" if success else "timeout"
    result = EpisodeResult(
        task=scene.task,
        seed=scene.seed,
        success=success,
        success_final=success and number % 4 != 3,
        steps=2 + number % 3,
        outcome=outcome,
        fault="the physics diverged" if fault else None,
    )
    actions = np.random.default_rng(scene.seed).normal(size=(result.steps, 7)).astype(np.float32)
    return EpisodeRecord.of(
        policy, PlayedEpisode(scene, result, actions, goal_distances_m=(0.7, round(number % 7 / 10, 2)))
    )


class FakeExecutor:
    """Takes ``pace_s`` an episode, and fails with ``error`` after ``fail_after`` of them."""

    def __init__(self, pace_s=0.0, error=None, fail_after=0):
        self.pace_s, self.error, self.fail_after = pace_s, error, fail_after
        self.order = []
        self.closed = False

    def prepare(self):
        pass

    def play(self, sweeps, on_episode, stop):
        for sweep in sweeps:
            for scene in sweep.scenes:
                if stop():
                    return
                if self.error and len(self.order) >= self.fail_after:
                    raise self.error
                time.sleep(self.pace_s)
                record = played(sweep.policy, scene)
                self.order.append(record)
                on_episode(record)

    def close(self):
        self.closed = True
