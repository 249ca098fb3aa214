"""Latency is measured from commands and motion, and plans start where the arm will be."""

import numpy as np
import pytest

from tests.fakes.policies import observation
from wam_demo.limits import ACTION_TRANSLATION_M
from wam_demo.policies.latency import LatencyEstimator
from wam_demo.policies.receding import PlanBuffer
from wam_demo.types import ActionChunk, Prediction


def moved_arm(late, every=1, steps=40, noise_m=0.0, seed=0):
    """Estimates after each observation of an arm that follows random commands ``late`` steps later."""
    rng, estimator = np.random.default_rng(seed), LatencyEstimator()
    commands, position, estimates = [], np.zeros(3), []
    for step in range(steps):
        if step % every == 0:
            estimator.observe(position + rng.normal(0, noise_m, 3))
            estimates.append(estimator.steps)
        commands.append(rng.uniform(-0.04, 0.04, 3))
        estimator.command(commands[-1])
        if step >= late:
            position = position + commands[step - late]
    return estimates


@pytest.mark.parametrize("late", [0, 1, 3, 8])
@pytest.mark.parametrize("every", [1, 4])
def test_the_latency_is_found_soon(late, every):
    for seed in range(5):
        estimates = moved_arm(late, every, noise_m=0.002, seed=seed)
        settled = (late + 12) // every
        assert set(estimates[settled:]) == {late}


def test_an_arm_that_is_stuck_or_moved_by_somebody_else_tells_nothing():
    rng, stuck, led = np.random.default_rng(1), LatencyEstimator(), LatencyEstimator()
    position = np.zeros(3)
    for _ in range(40):
        stuck.observe(np.zeros(3))
        led.observe(position)
        position = position + rng.uniform(-0.03, 0.03, 3)
        for estimator in (stuck, led):
            estimator.command(rng.uniform(-0.04, 0.04, 3))
    assert (stuck.steps, led.steps) == (0, 0)


def towards(goal, position):
    """A plan that goes straight to a goal, at most 2 cm a step."""
    actions = np.zeros((16, 7), np.float32)
    for k in range(16):
        actions[k, :3] = np.clip(goal - position, -0.02, 0.02)
        position = position + actions[k, :3]
    return Prediction(ActionChunk(actions))


def overshoot(late, compensate, monkeypatch):
    """How far beyond its goal an arm gets that plans every 4 steps and is ``late`` steps late [m]."""
    if not compensate:
        monkeypatch.setattr(LatencyEstimator, "steps", property(lambda self: 0))
    goal, position, buffer, sent, furthest = np.array([0.3, 0, 0]), np.zeros(3), PlanBuffer(), [], 0.0
    for step in range(48):
        if step % 4 == 0:
            now = observation(time=step)
            now.state[:3] = position
            buffer.add(towards(goal, position), step)
        action = buffer.play(step, now).action
        assert np.abs(action[:3]).max() <= ACTION_TRANSLATION_M + 1e-6
        sent.append(action[:3])
        position = position + (sent[step - late] if step >= late else 0)
        furthest = max(furthest, position[0] - goal[0])
    return furthest, abs(position[0] - goal[0])


@pytest.mark.parametrize("late", [2, 3, 5])
def test_a_late_arm_no_longer_overshoots(late, monkeypatch):
    compensated, rest = overshoot(late, True, monkeypatch)
    plain, _ = overshoot(late, False, monkeypatch)
    assert plain > 0.01
    assert compensated < 0.25 * plain
    assert rest < 0.003


def test_without_latency_plans_are_played_as_they_are():
    buffer, now = PlanBuffer(), observation()
    plan = towards(np.array([0.3, 0.1, 0]), np.zeros(3))
    buffer.add(plan, 0)
    for step in range(16):
        now = observation(time=step)
        now.state[:3] = plan.chunk.actions[:step, :3].sum(0)
        np.testing.assert_array_equal(buffer.play(step, now).action, plan.chunk.actions[step])
