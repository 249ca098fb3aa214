"""The interaction region of every task, from segmentation."""

import numpy as np
import pytest

from tests.fakes.prober import GRID
from wam_demo.diagnose.moments import probe_moments
from wam_demo.diagnose.region import GRIPPER, cells_of, interaction_parts, interaction_region, moving_parts, touches
from wam_demo.sim.world import World

SEED = 500_000


@pytest.fixture
def open_world():
    worlds = []

    def _open(task):
        worlds.append(World(task))
        worlds[-1].draw(SEED)
        return worlds[-1]

    yield _open
    for world in worlds:
        world.close()


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("reach", ["{target}"]),
        ("pick_place", ["{target}", "bowl"]),
        ("stack", ["{target}", "{goal}"]),
        ("push", ["{target}", "zone"]),
        ("drawer", ["{target}_tray", "{target}_handle"]),
        ("button", ["{target}_cap"]),
    ],
)
def test_what_takes_part_is_the_gripper_and_what_the_instruction_speaks_of(open_world, task, expected):
    world = open_world(task)
    roles = {"target": world.assignment.target, "goal": world.assignment.goal}
    parts = interaction_parts(world)
    assert set(parts) == {"gripper", "target", *(["goal"] if world.assignment.goal else [])}
    bodies = [body for names in parts.values() for body in names]
    assert bodies == [*GRIPPER, *(name.format(**roles) for name in expected)]
    region = interaction_region(world, GRID)
    assert {camera: cells.shape for camera, cells in region.items()} == {"front": (8, 8), "wrist": (8, 8)}
    assert 0 < region["front"].sum() < 32


def test_the_region_covers_the_target_and_moves_with_it(open_world):
    world = open_world("pick_place")
    target = world.assignment.target

    def cell():
        u, v = world.project("front", world.scene.position(target)[None])[0]
        return int(v * 8), int(u * 8)

    before = cell()
    assert interaction_region(world, GRID)["front"][before]
    others = [name for name in world.assignment.candidates if name != target]
    parts = interaction_parts(world)
    assert not set(others) & {body for names in parts.values() for body in names}
    world.scene.slide(target, np.array([-0.12, 0.0]))
    assert cell() != before
    assert interaction_region(world, GRID)["front"][cell()]


def test_a_cell_counts_from_a_tenth_of_its_pixels_on():
    mask = np.zeros((128, 128), bool)
    mask[:16, :16].flat[:25] = True  # 25 of 256 pixels
    mask[16:32, 16:32].flat[:26] = True
    cells = cells_of(mask, 8)
    assert cells.sum() == 1
    assert cells[1, 1]


def test_parts_of_a_thing_without_parts_are_itself(open_world):
    scene = open_world("pick_place").scene
    assert moving_parts(scene, "bowl") == ["bowl"]


def test_moments_before_and_after_the_first_touch(open_world):
    world = open_world("pick_place")
    assert not touches(world)
    moments = probe_moments(world, SEED, GRID, stride=4)
    phases = [moment.phase for moment in moments]
    assert phases == sorted(phases, reverse=True)
    assert set(phases) == {"before", "after"}
    openings = {moment.phase: moment.observation.state[9] for moment in moments}  # the last of each phase
    assert openings["before"] > 0.7 > openings["after"]
    assert [moment.step for moment in moments] == list(range(0, 4 * len(moments), 4))
    again = probe_moments(world, SEED, GRID, stride=4)
    np.testing.assert_array_equal(moments[3].observation.images["front"], again[3].observation.images["front"])
    np.testing.assert_array_equal(moments[3].region["wrist"], again[3].region["wrist"])
    for moment in moments:
        assert set(moment.parts) == {"gripper", "target", "goal"}
        for cells in moment.parts.values():
            assert not (cells["front"] & ~moment.region["front"]).any()


def test_moments_of_a_disturbed_episode_look_otherwise_and_show_the_same_region(open_world):
    world = open_world("pick_place")
    plain, dark = (probe_moments(world, SEED, GRID, disturbance=what)[0] for what in (None, ("light", 5)))
    np.testing.assert_array_equal(plain.observation.state, dark.observation.state)
    for camera, cells in plain.region.items():
        np.testing.assert_array_equal(cells, dark.region[camera])
        assert np.abs(plain.observation.images[camera].astype(int) - dark.observation.images[camera]).mean() > 5
