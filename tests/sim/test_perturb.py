"""Perturbations: seeded, bounded, replayable, reversible."""

import json

import numpy as np
import pytest

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.sim.perturb import AXES, sample
from wam_demo.sim.perturb.registry import COMBINED
from wam_demo.sim.tasks import TASKS

SINGLE = [axis for axis in AXES if axis != COMBINED]
STAYS = {"shove", "swap_target", "robot_init", "layout", "object_look"}
"""Axes that leave poses changed when they are taken back."""
SEEN = ["camera", "noise", "light", "background", "distractor", "object_look"]


def fields(world):
    return [field.copy() for field in world.scene._fields]


@pytest.mark.parametrize("axis", SINGLE)
@pytest.mark.parametrize("severity", [1, 5])
def test_severity_zero_restores(pick_place, axis, severity):
    world = pick_place
    world.draw(3)
    before, effects, words = fields(world), world.effects, world.instruction
    poses = world.scene.data.qpos.copy()
    world.apply_event(axis, {"severity": severity, "seed": 5})
    world.apply_event(axis, {"severity": 0})
    assert world.effects == effects
    assert world.instruction == words
    for one, other in zip(before, fields(world), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    if axis not in STAYS:
        np.testing.assert_array_equal(world.scene.data.qpos, poses)


@pytest.mark.parametrize("axis", SINGLE)
def test_applied_event_replays_exactly(pick_place, axis):
    world = pick_place
    world.draw(4)
    start = world.snapshot()
    event = world.apply_event(axis, {"severity": 4, "seed": 9})
    first, effects, words = world.scene.snapshot(), world.effects, world.instruction
    world.restore(start)
    again = world.apply_event(event.kind, json.loads(json.dumps(event.parameters)))
    second = world.scene.snapshot()
    assert {k: v for k, v in event.parameters.items() if k != "severity"} == {
        k: v for k, v in again.parameters.items() if k != "severity"
    }
    np.testing.assert_allclose(first.physics, second.physics, atol=1e-9)
    for one, other in zip(first.model, second.model, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    assert (world.effects, world.instruction) == (effects, words)


@pytest.mark.parametrize("axis", SEEN)
def test_what_is_seen_changes_and_comes_back(pick_place, axis):
    world = pick_place
    before = world.reset(6).images["front"]
    world.apply_event(axis, {"severity": 3, "seed": 1})
    if axis == "distractor":
        world.advance(100)
    changed = world.observe().images["front"]
    assert np.abs(before.astype(int) - changed).mean() > 0.1
    world.draw(6)
    np.testing.assert_array_equal(world.observe().images["front"], before)


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("axis", AXES)
def test_every_task_survives_every_axis(worlds, task, axis):
    world = worlds(task)
    world.draw(11)
    world.apply(sample(axis, 5, 2))
    world.advance(25)
    for _ in range(4):
        result = world.step(np.array([0, 0, -0.005, 0, 0, 0, 1]))
        assert result.fault is None


def test_shoves_and_drops_are_bounded(pick_place):
    world = pick_place
    world.draw(2)
    event = world.apply_event("shove", {"object": world.assignment.target, "offset": [50, 50]})
    assert np.abs(event.parameters["offset"]).max() <= 0.3
    drop = world.apply_event("distractor", {"position": [0.5, 9.0]}).parameters["drops"][0]
    assert abs(drop["position"][1]) < 0.4


def test_dropped_things_land_on_the_table(pick_place):
    world = pick_place
    world.draw(2)
    drops = world.apply_event("distractor", {"severity": 5, "seed": 3}).parameters["drops"]
    assert len(drops) == 8
    world.advance(250)
    assert all(world.scene.is_present(drop["object"]) for drop in drops)


def test_a_shove_happens_during_the_approach(pick_place):
    world = pick_place
    world.draw(8)
    (event,) = sample("shove", 5, 8)
    assert event.step > 0
    world.apply([event])
    assert world.events == ()
    for _ in range(event.step):
        world.step(np.array([0, 0, 0, 0, 0, 0, 1]))
    assert [applied.kind for applied in world.events] == ["shove"]
    assert np.linalg.norm(world.events[0].parameters["offset"]) == pytest.approx(0.09, abs=1e-3)


def test_delayed_actions_arrive_later(pick_place):
    world = pick_place
    world.draw(1)
    world.apply_event("delay", {"seconds": 0.3})
    down = np.array([0, 0, -0.03, 0, 0, 0, 1])
    moved = [world.step(down).applied[2] for _ in range(5)]
    np.testing.assert_allclose(moved, [0, 0, 0, -0.03, -0.03], atol=2e-3)


def test_combined_draws_three_axes():
    events = sample(COMBINED, 2, 5)
    assert len({event.kind for event in events}) == 3
    assert {event.parameters["severity"] for event in events} == {2}


def test_bad_names_and_values_change_nothing(pick_place):
    world = pick_place
    world.draw(1)
    before = fields(world)
    with pytest.raises(UnknownNameError, match="did you mean 'light'"):
        sample("ligth", 1, 0)
    for kind, parameters in [
        ("light", {"severity": 6}),
        ("light", {"intensity": float("nan"), "tilt_deg": 0, "azimuth_deg": 0, "colour": [1, 1, 1]}),
        ("shove", {"object": "table", "offset": [0, 0]}),
        ("distractor", {"position": ["a", 1]}),
        ("noise", {"blur": "rain", "strength": 1}),
        ("camera", {"cameras": {"attic": {"offset": [0, 0, 0], "rotation": [0, 0, 0]}}}),
        ("language", {"text": "x" * 10_000}),
        ("earthquake", {"severity": 1}),
    ]:
        with pytest.raises(InvalidInputError):
            world.apply_event(kind, parameters)
    assert world.events == ()
    for one, other in zip(before, fields(world), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("factor", [0.2, 5.0])
def test_light_and_heavy_objects_rest_quietly(pick_place, factor):
    world = pick_place
    world.draw(1)
    world.apply_event("physics", {"friction": factor, "mass": factor})
    before = [world.scene.position(name) for name in world.assignment.candidates]
    for _ in range(10):
        assert world.step(np.array([0, 0, 0, 0, 0, 0, 1])).fault is None
    after = [world.scene.position(name) for name in world.assignment.candidates]
    np.testing.assert_allclose(after, before, atol=2e-3)


def test_front_and_wrist_cameras_move_apart(pick_place):
    world = pick_place
    before = world.reset(6).images
    world.apply_event("camera", {"severity": 3, "seed": 1})
    front = world.observe().images
    np.testing.assert_array_equal(front["wrist"], before["wrist"])
    assert np.abs(front["front"].astype(int) - before["front"]).mean() > 1
    world.apply_event("hand_eye", {"severity": 3, "seed": 1})
    both = world.observe().images
    np.testing.assert_array_equal(both["front"], front["front"])
    assert np.abs(both["wrist"].astype(int) - before["wrist"]).mean() > 1
    world.apply_event("camera", {"severity": 0})
    wrist = world.observe().images
    np.testing.assert_array_equal(wrist["front"], before["front"])
    np.testing.assert_array_equal(wrist["wrist"], both["wrist"])


def test_a_log_from_before_the_wrist_had_an_axis_still_moves_both(pick_place):
    world = pick_place
    before = world.reset(6).images
    motion = {"offset": [0.02, 0, 0], "rotation": [0, 0.02, 0]}
    world.apply_event("camera", {"cameras": {"front": motion, "wrist": motion}})
    after = world.observe().images
    assert all(np.abs(after[camera].astype(int) - before[camera]).mean() > 1 for camera in before)


@pytest.mark.parametrize("way", ["frozen", "dark"])
def test_a_lost_view_comes_back(pick_place, way):
    world = pick_place
    before = world.reset(6).images
    world.apply_event("view_loss", {"camera": "front", "way": way, "seconds": 0.2})
    down = np.array([0, 0, -0.04, 0, 0, 0, 1], np.float32)
    world.step(down)
    lost = world.observe().images
    expected = before["front"] if way == "frozen" else np.zeros_like(before["front"])
    assert np.abs(lost["front"].astype(int) - expected).mean() < 0.5
    assert np.abs(lost["wrist"].astype(int) - before["wrist"]).mean() > 1
    world.step(down)
    assert np.abs(world.observe().images["front"].astype(int) - expected).mean() > 0.5


def test_a_cover_hides_the_view_it_is_put_on(pick_place):
    world = pick_place
    before = world.reset(6).images
    cover = {"share": 0.2, "centre": [0.5, 0.5], "aspect": 1.0, "grey": 0.3}
    world.apply_event("occlusion", cover)  # as logs from before there was a choice
    assert world.events[-1].parameters["camera"] == "front"
    world.apply_event("occlusion", {**cover, "camera": "wrist"})
    after = world.observe().images
    np.testing.assert_array_equal(after["front"], before["front"])
    assert (after["wrist"][64, 64] == round(255 * 0.3)).all()
