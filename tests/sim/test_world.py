"""World: deterministic, forked bit-exactly, faults are seen, success is held."""

import numpy as np
import pytest
import torch

from wam_demo.data.schema import flat_poses
from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.sim.expert import Expert
from wam_demo.sim.tasks import TASKS
from wam_demo.sim.world import SUCCESS_STEPS, World
from wam_demo.train.calibration import calibrate, usual_poses

STILL = np.array([0, 0, 0, 0, 0, 0, 1.0])


def rollout(world, steps=12):
    expert = Expert(world)
    return np.array([world.step(expert.act()).applied for _ in range(steps)])


@pytest.mark.parametrize("task", sorted(TASKS))
def test_same_seed_same_episode(worlds, task):
    world = worlds(task)
    first = world.reset(5)
    actions, physics = rollout(world), world.scene.snapshot().physics
    rollout(world, 5)
    second = world.reset(5)
    np.testing.assert_array_equal(rollout(world), actions)
    np.testing.assert_array_equal(world.scene.snapshot().physics, physics)
    assert first.instruction == second.instruction
    for camera, image in first.images.items():
        np.testing.assert_array_equal(image, second.images[camera])


def test_a_fresh_world_agrees_with_a_used_one(worlds):
    used, fresh = worlds("pick_place"), World("pick_place")
    used.draw(1)
    used.apply_event("physics", {"severity": 5})
    rollout(used)
    for world in (used, fresh):
        world.draw(9)
    np.testing.assert_array_equal(rollout(used), rollout(fresh))
    fresh.close()


def test_restore_is_bit_exact_in_the_middle_of_a_control_step(pick_place):
    world = pick_place
    world.draw(7)
    world.apply_event("delay", {"seconds": 0.2})
    world.apply_event("light", {"severity": 4, "seed": 3})
    rollout(world, 9)
    applied = world.begin(Expert(world).act())
    world.advance(12)
    state = world.snapshot()
    picture = world.render("front", 64)

    def continue_():
        world.advance(13)
        world.finish(applied)
        return rollout(world), world.scene.snapshot().physics

    actions, physics = continue_()
    world.draw(8)
    world.restore(state)
    np.testing.assert_array_equal(world.render("front", 64), picture)
    again, same = continue_()
    np.testing.assert_array_equal(again, actions)
    np.testing.assert_array_equal(same, physics)


def test_observation_keeps_the_contract(pick_place):
    observation = pick_place.reset(2)
    assert {camera: image.shape for camera, image in observation.images.items()} == {
        "front": (128, 128, 3),
        "wrist": (128, 128, 3),
    }
    assert observation.state.shape == (17,)
    assert observation.state.dtype == np.float32
    assert observation.state[9] == pytest.approx(1, abs=1e-3)
    assert observation.time == 0
    np.testing.assert_allclose(observation.state[2], 0.2, atol=0.06)


def test_everything_of_the_task_is_in_the_front_view(pick_place):
    world = pick_place
    for seed in range(20):
        world.draw(seed)
        points = [world.scene.position(name) for name in (*world.assignment.candidates, "bowl")]
        image = world.project("front", np.array(points))
        assert ((image > 0.03) & (image < 0.97)).all()
        above = world.project("front", np.array([p + np.array([0, 0, 0.16]) for p in points]))
        assert (above[:, 1] > 0.02).all()


def test_pixels_are_at_most_five_millimetres(pick_place):
    pick_place.draw(0)
    (left, right) = pick_place.project("front", np.array([[0.5, 0.0, 0.0], [0.5, 0.1, 0.0]]))
    assert 0.1 / (128 * (right[0] - left[0])) <= 0.005


def test_project_and_ground_point_are_inverse(pick_place):
    pick_place.draw(0)
    for camera in ("front", "side"):
        u, v = pick_place.project(camera, np.array([[0.52, 0.07, 0.0]]))[0]
        np.testing.assert_allclose(pick_place.ground_point(camera, u, v), [0.52, 0.07, 0.0], atol=1e-9)


def test_pick_finds_what_is_pointed_at(pick_place):
    world = pick_place
    world.draw(3)
    for name in world.assignment.candidates:
        u, v = world.project("front", world.scene.position(name)[None])[0]
        assert world.pick("front", u, v) == name
    u, v = world.project("front", np.array([[0.36, -0.25, 0.0]]))[0]
    assert world.pick("front", u, v) is None


def test_masks_show_target_goal_and_gripper(pick_place):
    world = pick_place
    world.draw(3)
    target = world.mask("front", ["target"])
    rows, columns = np.nonzero(target)
    centre = world.project("front", world.scene.position(world.assignment.target)[None])[0] * 128
    np.testing.assert_allclose([columns.mean(), rows.mean()], centre, atol=3)
    assert world.mask("front", ["goal"]).sum() > 100
    assert world.mask("wrist", ["gripper"]).sum() > 100
    assert set(np.unique(world.segmentation("front"))) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_action_that_is_not_finite_never_reaches_the_physics(pick_place, bad):
    pick_place.draw(0)
    before = pick_place.scene.snapshot().physics
    with pytest.raises(InvalidInputError, match="not finite"):
        pick_place.step(np.array([0, 0, bad, 0, 0, 0, 1]))
    with pytest.raises(InvalidInputError, match="shape"):
        pick_place.step(np.zeros(6))
    np.testing.assert_array_equal(pick_place.scene.snapshot().physics, before)
    assert pick_place.step_count == 0


def test_actions_are_clamped_and_reported(pick_place):
    pick_place.draw(0)
    applied = pick_place.step(np.array([9, 0, 0, 0, 0, 9, 7])).applied
    np.testing.assert_allclose(applied, [0.05, 0, 0, 0, 0, 0.2, 1], atol=1e-6)
    for _ in range(30):
        pick_place.step(np.array([0, 0, -0.05, 0, 0, 0, 1]))
    assert pick_place.state_vector()[2] > 0.005


@pytest.mark.parametrize("break_", ["nan", "far", "time"])
def test_diverged_physics_is_a_fault_and_never_success(pick_place, break_):
    world = pick_place
    world.draw(0)
    world.step(STILL)
    data = world.scene.data
    if break_ == "nan":
        data.qvel[0] = np.nan
    elif break_ == "far":
        world.scene.place("object0", np.array([9.0, 0, 1]))
    else:
        data.time = -5.0
    result = world.step(STILL)
    assert result.fault
    assert not result.success_now
    assert world.fault() == result.fault
    assert world.step(STILL).fault == result.fault
    world.draw(0)
    assert world.step(STILL).fault is None


def test_success_must_hold(pick_place):
    world = pick_place
    world.draw(0)
    world.scene.place(world.assignment.target, world.scene.position("bowl") + np.array([0, 0, 0.04]))
    results = [world.step(STILL) for _ in range(12)]
    first = next(i for i, result in enumerate(results) if result.success_now)
    assert [result.success for result in results].index(True) == first + SUCCESS_STEPS - 1


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("seed", [2, 3])
def test_goal_distance_falls_to_zero_as_the_expert_finishes(worlds, task, seed):
    world = worlds(task)
    world.draw(seed)
    expert, distances, success = Expert(world), [world.goal_distance()], False
    while not success:
        success = world.step(expert.act()).success
        distances.append(world.goal_distance())
    assert distances[0] > 0.03
    assert distances[-1] == 0
    assert (np.diff(distances[-SUCCESS_STEPS - 4 :]) <= 1e-3).all(), distances
    thirds = [np.mean(part) for part in np.array_split(distances, 3)]
    assert thirds[0] > thirds[1] > thirds[2]
    world.scene.data.qvel[0] = np.nan
    world.step(STILL)
    assert world.goal_distance() is None


def test_goal_distance_is_measured_in_metres(worlds):
    world = worlds("push")
    world.draw(0)
    target, zone = world.assignment.target, world.scene.position("zone")
    world.scene.place(target, zone - np.array([0.05 + 0.03, 0, -0.025]))
    world.scene.refresh()
    assert world.goal_distance() == pytest.approx(0.03)
    world.scene.place(target, zone + np.array([0.05 + 0.03, 0.09 + 0.04, 0.025]))
    world.scene.refresh()
    assert world.goal_distance() == pytest.approx(0.05)


def test_another_target_changes_the_words(pick_place):
    world = pick_place
    world.draw(0)
    before = world.assignment
    world.retarget(np.random.default_rng(0))
    assert world.assignment.target != before.target
    assert world.instruction == world.plain_instruction


def test_closing_frees_the_renderer(pick_place):
    world = World("pick_place")
    world.render("side", 64)
    renderer = world._view._renderer
    world.close()
    with pytest.raises(RuntimeError, match="closed"):
        renderer.rgb(world.scene.data, "side", 64)
    world.close()


def test_unknown_names_suggest():
    with pytest.raises(UnknownNameError, match="did you mean 'pick_place'"):
        World("pick_plase")


def test_a_moved_camera_is_where_it_was_until_somebody_measures_it():
    world = World("reach")
    world.reset(7)
    before = world.observe().cameras
    for axis, moved, still in (("hand_eye", "wrist", "front"), ("camera", "front", "wrist")):
        world.apply_event(axis, {"severity": 3, "seed": 1})
        world.calibration = "stale"
        stale = world.observe().cameras
        world.calibration = "followed"
        followed = world.observe().cameras
        np.testing.assert_allclose(stale[moved].position, before[moved].position, atol=1e-6)
        assert 0.05 < np.linalg.norm(followed[moved].position - before[moved].position) < 0.15
        assert not np.allclose(followed[moved].rotation, stale[moved].rotation, atol=1e-2)
        if axis == "hand_eye":
            np.testing.assert_allclose(followed[still].position, stale[still].position, atol=1e-6)
    world.step(Expert(world).act())
    world.calibration = "stale"
    usual = usual_poses(calibrate(["reach"]), torch.from_numpy(world.state_vector())[None])
    np.testing.assert_allclose(flat_poses(world.observe()), usual.flatten(), atol=1e-4)
    world.close()
