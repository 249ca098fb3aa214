"""Attempts: mishaps do what they are called, and every frame is judged by the state that it shows."""

import numpy as np
import pytest

from wam_demo.sim import attempts as module
from wam_demo.sim.attempts import AFTER_STEPS, MISHAPS, Glances, Spoiler, attempt
from wam_demo.sim.world import World

SEED = 1_234_567
ACTION = np.array([0.01, 0.02, 0.03, 0.1, 0.1, 0.1, 0.5], np.float32)


@pytest.fixture(scope="module")
def world():
    world = World("reach")
    yield world
    world.close()


def always(monkeypatch, order, spoiler):
    """Every episode has this order of instructions and this mishap."""
    monkeypatch.setattr(module, "ORDERS", {order: 1.0})
    monkeypatch.setattr(module, "SCATTERED", 0.0)
    monkeypatch.setattr(Spoiler, "draw", classmethod(lambda cls, rng, horizon: spoiler))


def test_a_mishap_waits_for_its_step_and_leaves_the_action_given_alone():
    for kind in MISHAPS:
        spoiler = Spoiler(kind, 5, np.array([0.01, 0.0], np.float32), 0.2)
        np.testing.assert_array_equal(spoiler.spoil(4, ACTION), ACTION)
        after = spoiler.spoil(5, ACTION)
        assert np.array_equal(after, ACTION) == (kind == "none")
    assert Spoiler("lets_go").spoil(0, ACTION)[-1] == 1
    assert Spoiler("clenched").spoil(0, ACTION)[-1] == 0
    assert (Spoiler("stops").spoil(0, ACTION)[:6] == 0).all()
    np.testing.assert_allclose(Spoiler("weak", gain=0.2).spoil(0, ACTION)[:6], 0.2 * ACTION[:6])


def test_every_mishap_is_drawn():
    rng = np.random.default_rng(0)
    drawn = [Spoiler.draw(rng, 80) for _ in range(300)]
    assert {spoiler.kind for spoiler in drawn} == set(MISHAPS)
    assert all(0 <= spoiler.onset < 40 for spoiler in drawn)


def test_the_experts_own_way_is_fulfilled_at_the_end_and_the_other_instruction_is_not(world, monkeypatch):
    always(monkeypatch, "own", Spoiler())
    frames = list(attempt(world, SEED, noise=0.0, every=4))
    assert [frame.step for frame in frames] == list(range(frames[0].step, 4 * len(frames), 4))
    assert not frames[0].fulfilled
    assert frames[-1].fulfilled
    assert frames[-1].success
    assert not any(frame.other_fulfilled for frame in frames)
    assert sum(frame.fulfilled for frame in frames) >= AFTER_STEPS // 4
    assert frames[0].other_instruction != frames[0].observation.instruction


def test_the_wrong_object_fulfils_the_other_instruction_alone(world, monkeypatch):
    always(monkeypatch, "other", Spoiler())
    frames = list(attempt(world, SEED, noise=0.0, every=4))
    assert frames[-1].other_fulfilled
    assert not any(frame.fulfilled or frame.success for frame in frames)


def test_one_after_the_other_fulfils_both_in_turn(world, monkeypatch):
    always(monkeypatch, "other, own", Spoiler())
    frames = list(attempt(world, SEED, noise=0.0, every=4))
    own, other = ([frame.step for frame in frames if flag(frame)] for flag in (_own, _other))
    assert other
    assert own
    assert other[-1] < own[0]


def test_an_arm_that_stops_fulfils_nothing(world, monkeypatch):
    always(monkeypatch, "own", Spoiler("stops"))
    frames = list(attempt(world, SEED, noise=0.0, every=8))
    assert len(frames) == world.logic.spec.horizon / 8
    assert not any(frame.fulfilled for frame in frames)


def test_the_same_seed_is_the_same_attempt(world):
    first, again = (list(attempt(world, SEED + 1, noise=1.0, every=16)) for _ in range(2))
    assert len(first) == len(again)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.action, two.action)
        assert (one.fulfilled, one.other_instruction) == (two.fulfilled, two.other_instruction)


def _own(frame):
    return frame.fulfilled


def _other(frame):
    return frame.other_fulfilled


def test_a_hand_that_glances_leaves_and_comes_back_and_goes_on(world, monkeypatch):
    always(monkeypatch, "own", Spoiler())
    monkeypatch.setattr(module, "_GLANCES", 1.0)
    positions = []
    action = np.array([0, 0, 0, 0, 0, 0, 0.3], np.float32)
    world.reset(SEED)
    glances = Glances(np.random.default_rng(3))
    for _ in range(80):
        positions.append(world.state_vector()[:3].copy())
        turned = glances.turn(action, world)
        assert turned[-1] == action[-1]
        if not glances._way:
            break
        world.step(turned)
    else:
        pytest.fail("the glance never ended")
    away = np.linalg.norm(np.array(positions) - positions[0], axis=1)
    assert away.max() > 0.1
    assert np.linalg.norm(positions[-1][:2] - positions[0][:2]) < 0.03
    monkeypatch.undo()
    always(monkeypatch, "own", Spoiler())
    frames = list(attempt(world, SEED, noise=0.0, every=4, glances=True))
    assert len(frames) > len(list(attempt(world, SEED, noise=0.0, every=4)))
    assert frames[-1].success
