"""Demonstrations: labelled with exactly what the clean expert would do."""

import numpy as np
import pytest

from wam_demo.sim.demo_noise import DemoNoise
from wam_demo.sim.demonstrate import demonstrate
from wam_demo.sim.labels import FrameQueue, expert_chunk
from wam_demo.sim.tasks import TASKS


def test_a_clean_episode_is_the_experts(pick_place):
    frames = list(demonstrate(pick_place, 3, noise=0.0, every=3))
    assert frames[-1].success
    assert set(np.diff([frame.step for frame in frames])) == {3}
    for frame in frames:
        assert frame.expert_chunk.shape == (16, 7)
        np.testing.assert_allclose(frame.expert_chunk[0], frame.action, atol=1e-7)
    np.testing.assert_array_equal(frames[0].expert_chunk[3], frames[1].action)


def test_shared_labels_equal_forked_ones(pick_place, monkeypatch):
    def forked(self, observation, step):
        self._waiting.append(type("Now", (), {})())
        now = self._waiting[-1]
        now.observation, now.step, now.result = observation, step, None
        now.chunk = list(expert_chunk(self._world))

    shared = list(demonstrate(pick_place, 21, noise=1.0, every=6))
    monkeypatch.setattr(FrameQueue, "open", forked)
    for one, other in zip(shared, demonstrate(pick_place, 21, noise=1.0, every=6), strict=True):
        np.testing.assert_array_equal(one.expert_chunk, other.expert_chunk)
        np.testing.assert_array_equal(one.action, other.action)
        assert one.observation.instruction == other.observation.instruction


def test_an_episode_left_early_is_the_beginning_of_the_whole_one(pick_place):
    """Its labels go on past its end: they are what the expert would have done."""
    whole, early = (list(demonstrate(pick_place, 3, noise=0.0, every=3, steps=steps)) for steps in (None, 6))
    assert [frame.step for frame in early] == [frame.step for frame in whole if frame.step < 6]
    for one, other in zip(early, whole, strict=False):
        np.testing.assert_allclose(one.expert_chunk, other.expert_chunk, atol=1e-6)
        np.testing.assert_array_equal(one.observation.images["front"], other.observation.images["front"])


@pytest.mark.parametrize("task", sorted(TASKS))
def test_noisy_episodes_of_every_task(worlds, task):
    frames = list(demonstrate(worlds(task), 1, noise=1.0, every=12))
    assert len(frames) > 1
    assert all(np.isfinite(frame.expert_chunk).all() for frame in frames)


def test_noise_is_seeded_and_off_at_zero():
    action = np.array([0, 0, 0, 0, 0, 0, 1], np.float32)
    assert all((DemoNoise.draw(np.random.default_rng(s), 0.0).disturb(3, action) == action).all() for s in range(20))

    def noise(seed):
        plan = DemoNoise.draw(np.random.default_rng(seed), 1.0)
        return np.array([plan.disturb(step, action) for step in range(40)])

    np.testing.assert_array_equal(noise(5), noise(5))
    assert max(np.linalg.norm(noise(s)[:, :3], axis=1).max() for s in range(30)) <= 0.0401
