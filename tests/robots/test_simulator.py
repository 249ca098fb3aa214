"""The simulator as a source: the same episodes as the bare world, and every capability."""

import numpy as np
import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.robots.simulator import SimulatorSource, simulator
from wam_demo.robots.source import Calibrated, Disturbable, Forkable, Judged, Watchable
from wam_demo.sim import perturb
from wam_demo.sim.expert import Expert
from wam_demo.sim.world import World
from wam_demo.types import Event

STILL = np.array([0, 0, 0, 0, 0, 0, 1], np.float32)


@pytest.fixture(scope="module")
def source():
    made = simulator("pick_place")
    yield made
    made.close()


def test_it_can_do_everything_also_before_the_first_reset():
    fresh = SimulatorSource(World("reach"))
    for capability in (Watchable, Forkable, Disturbable, Judged, Calibrated):
        assert isinstance(fresh, capability)
    fresh.close()


def test_it_goes_through_the_same_states_as_the_bare_world(source):
    world = World("pick_place")
    events = [event for axis in ("light", "shove", "delay") for event in perturb.sample(axis, 2, 5)]
    world.draw(5)
    world.apply(events)
    source.reset(5)
    source.schedule(events)
    expert = Expert(world)
    for _ in range(20):
        action = expert.act()
        result = world.step(action)
        np.testing.assert_array_equal(source.apply(action), result.applied)
        assert source.digest() == world.digest()
    assert source.events == world.events
    np.testing.assert_array_equal(source.observe().images["front"], world.observe().images["front"])
    world.close()


def test_it_renders_once_as_long_as_nothing_happens(source):
    source.reset(1)
    picture, observation = source.picture(), source.observe()
    assert source.picture() is picture
    assert source.observe() is observation
    source.begin(STILL)
    assert source.picture() is not picture
    source.finish()
    later = source.observe()
    source.disturb("light", {"severity": 5, "seed": 1})
    assert (source.observe().images["front"] != later.images["front"]).any()


def test_without_images_nothing_is_rendered():
    blind = simulator("reach", images=False)
    assert blind.reset(0).images == {}
    assert blind.apply(STILL).shape == (7,)
    blind.close()


def test_an_event_that_can_never_be_applied_is_refused_before_the_episode_runs(source):
    source.reset(2)
    with pytest.raises(InvalidInputError, match="cloud"):
        source.schedule([Event(6, "shove", {"object": "cloud", "offset": [0.02, 0.0]})])
    for _ in range(7):
        source.apply(STILL)
    assert source.events == ()


def test_scheduling_changes_nothing_before_its_time(source):
    source.reset(2)
    before = source.digest()
    source.schedule([Event(3, "shove", {"severity": 3, "seed": 1})])
    assert source.digest() == before
    assert source.events == ()
    for _ in range(3):
        source.apply(STILL)
    assert [event.step for event in source.events] == [3]


def test_success_and_progress_belong_to_the_state(source):
    source.reset(5)
    begun = source.snapshot()
    far = source.goal_distance()
    expert = Expert(source.world)
    while not source.success:
        source.apply(expert.act())
    assert source.goal_distance() < 0.02 < far
    source.restore(begun)
    assert (source.success, source.goal_distance()) == (False, far)


def test_cameras_stand_where_they_project_from(source):
    source.reset(3)
    poses = source.camera_poses()
    assert set(poses) == {"front", "wrist"}
    point = source.world.scene.position(source.world.assignment.target)
    pose = poses["front"]
    right, up, back = pose.rotation.T @ (point - pose.position)
    u, v = 0.5 + 0.5 * right / (-back * pose.half), 0.5 - 0.5 * up / (-back * pose.half)
    np.testing.assert_allclose(source.world.project("front", point[None])[0], [u, v], atol=1e-4)
