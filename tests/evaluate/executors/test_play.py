"""Rollouts: seeded, independent of the processes, and every way an episode can end."""

import json
import multiprocessing

import numpy as np
import pytest

from tests.fakes.gated_family import GATE, NUMBERS, GatedPolicy
from tests.fakes.policies import prediction
from wam_demo.errors import DataError, PolicyBusy
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.executors.local import play_grid
from wam_demo.evaluate.executors.play import noise_seed
from wam_demo.evaluate.executors.simulators import Simulators
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.evaluate.specs.record import EpisodeRecord
from wam_demo.evaluate.specs.scene import SceneSpec
from wam_demo.policies.scripted import HoldPolicy
from wam_demo.types import ActionChunk, Policy, Prediction

TASK = "pick_place"
HERE = ExecutorConfig(batch=3, processes=0)


class NoisyPolicy(Policy):
    """Moves at random, from the seeds it is given."""

    def __init__(self):
        self.batches = []

    def predict(self, observations, seeds):
        self.batches.append(len(observations))
        return [self._plan(seed) for seed in seeds]

    def _plan(self, seed):
        actions = np.random.default_rng(seed).uniform(-0.02, 0.02, (16, 7)).astype(np.float32)
        return Prediction(ActionChunk(actions))


class BrokenPolicy(NoisyPolicy):
    """Fails for one scene, as a plan that is not finite."""

    def __init__(self, seed):
        super().__init__()
        self.broken = noise_seed(seed, 4)

    def _plan(self, seed):
        return prediction(np.nan) if seed == self.broken else super()._plan(seed)


def spec(policy="hold", **changes):
    return GridSpec((policy,), (TASK,), **{"episodes": 3, "linger": 0, **changes}).validated()


def play(spec, policy=None, config=HERE):
    return play_grid(spec, config, lambda name, checkpoint: policy)


@pytest.fixture
def short(monkeypatch):
    """Episodes of eight steps, so that timeouts are quick."""
    from dataclasses import replace

    from wam_demo.evaluate.specs import grid as module

    monkeypatch.setattr(module, "TASKS", {TASK: replace(module.TASKS[TASK], horizon=8)})


def test_the_expert_succeeds_and_the_scenes_differ():
    results = play(spec("expert"))
    assert [r.outcome for r in results] == ["success"] * 3
    assert all(r.success and r.success_final for r in results)
    assert len({r.seed for r in results}) == 3
    assert min(r.steps for r in results) > 10


def test_holding_still_times_out(short):
    results = play(spec(), HoldPolicy())
    assert {(r.outcome, r.steps, r.success) for r in results} == {("timeout", 8, False)}


def test_results_do_not_depend_on_the_processes(short):
    here = play(spec("hold", episodes=4), policy := NoisyPolicy())
    there = play(spec("hold", episodes=4), NoisyPolicy(), ExecutorConfig(batch=3, processes=2))
    assert here == there
    assert policy.batches == [3, 3, 3, 3]  # the fourth episode's too: a batch that is not full is filled up


def kill_simulators():
    for process in multiprocessing.active_children():
        process.kill()
        process.join()


def test_episodes_evolve_identically_in_another_process_and_after_a_crash():
    scenes = {slot: SceneSpec(TASK, 500_000 + slot, horizon=50, images=False) for slot in range(2)}
    actions = {slot: NoisyPolicy()._plan(slot).chunk.actions[:4] for slot in range(2)}
    states = []
    for processes, crash in ((0, False), (2, False), (1, True)):
        with Simulators(2, processes) as simulators:
            simulators.begin({0: scenes[0]})
            if crash:
                kill_simulators()
            simulators.begin({1: scenes[1]})
            simulators.play(actions)
            if crash:
                kill_simulators()
            reports = simulators.play(actions)
            assert {report.steps for report in reports.values()} == {8}
            states.append(np.stack([reports[slot].observation.state for slot in range(2)]))
    np.testing.assert_array_equal(states[0], states[1])
    np.testing.assert_array_equal(states[0], states[2])


def test_a_plan_that_is_not_finite_ends_only_its_own_episode(short):
    condition = spec("hold")
    broken = condition.seeds()[1]
    results = play(condition, BrokenPolicy(broken))
    assert [r.outcome for r in results] == ["timeout", "policy_fault", "timeout"]
    assert results[1].fault == "the plan holds values that are not finite"
    assert results[1].steps == 4


def test_a_diverged_simulation_is_never_a_success(short, monkeypatch):
    from wam_demo.sim.world import StepResult, World

    monkeypatch.setattr(World, "step", lambda self, action: StepResult(action, True, True, "the physics diverged"))
    results = play(spec(), HoldPolicy())
    assert {(r.outcome, r.success, r.success_final) for r in results} == {("sim_fault", False, False)}
    assert results[0].fault == "the physics diverged"


def test_a_learned_policy_sees_images_and_the_given_instruction(short):
    seen = []

    class Watcher(NoisyPolicy):
        def predict(self, observations, seeds):
            seen.extend(observations)
            return super().predict(observations, seeds)

    play(spec("remote", episodes=1, instruction=" do nothing "), Watcher())
    assert len(seen) == 2
    assert seen[0].images["front"].shape == (128, 128, 3)
    assert {o.instruction for o in seen} == {"do nothing"}


def test_an_axis_disturbs_the_scene_the_same_way_each_time():
    states = []
    for axis, severity in (("none", 0), ("robot_init", 5), ("robot_init", 5)):
        with Simulators(1, 0) as simulators:
            scene = SceneSpec(TASK, 500_000, axis, severity, horizon=50, images=False)
            states.append(simulators.begin({0: scene})[0].observation.state)
    assert np.abs(states[0] - states[1]).max() > 0.05
    np.testing.assert_array_equal(states[1], states[2])


class BusyPolicy(BrokenPolicy):
    """Its server has no time for one scene."""

    def _plan(self, seed):
        if seed == self.broken:
            raise PolicyBusy("the server is busy")
        return super()._plan(seed)


def test_a_busy_server_is_no_failure(short):
    condition = spec("hold")
    results = play(condition, BusyPolicy(condition.seeds()[1]))
    assert [r.outcome for r in results] == ["timeout", "policy_busy", "timeout"]
    assert [r.counts for r in results] == [True, False, True]
    assert (results[1].fault, results[1].steps) == ("the server is busy", 4)


def test_the_distance_to_the_goal_is_kept_second_by_second(short):
    (idle,) = play(spec(episodes=1), HoldPolicy())
    assert len(idle.goal_distances_m) == 2
    assert idle.goal_distance_m == pytest.approx(idle.goal_distances_m[0], abs=0.005)
    assert idle.goal_distance_m > 0.05


def test_a_solved_episode_ends_at_the_goal():
    (record,) = play(spec("expert", episodes=1))
    assert len(record.goal_distances_m) == 2 + (record.steps - 1) // 10
    assert record.goal_distances_m[0] > 0.05
    assert record.goal_distance_m == record.closest_m == 0


def test_numbers_that_an_unknown_family_shows_are_kept_as_means_in_the_journal(short):
    seeds = []

    class Gated(GatedPolicy):
        def predict(self, observations, noise):
            seeds.append(noise[0])
            return super().predict(observations, noise)

    (record,) = play(spec(episodes=1), Gated(), ExecutorConfig(batch=1, processes=0))
    assert list(record.panel_means) == [GATE, f"{NUMBERS}: reach [m]", f"{NUMBERS}: seed"]
    assert len(seeds) == 2
    assert record.panel_means[f"{NUMBERS}: seed"] == sum(seeds) / 2
    assert 0 <= record.panel_means[GATE] <= 1
    assert EpisodeRecord.from_line(record.to_line()) == record


def test_a_journal_of_a_policy_without_numbers_is_as_before(short):
    (record,) = play(spec(episodes=1), HoldPolicy())
    assert "panel_means" not in record.to_line()
    assert EpisodeRecord.from_line(record.to_line()) == record


@pytest.mark.parametrize("means", [3, [1], {"Gate": "high"}, {"Gate": None}])
def test_malformed_means_are_refused(short, means):
    (record,) = play(spec(episodes=1), HoldPolicy())
    with pytest.raises(DataError, match="not an episode"):
        EpisodeRecord.from_line(json.dumps({**json.loads(record.to_line()), "panel_means": means}))
