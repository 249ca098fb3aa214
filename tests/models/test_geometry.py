"""Geometry of the future pictures, against the simulator's own cameras."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from wam_demo.data.schema import flat_poses
from wam_demo.models.geometry import cell_geometry, cell_middles, token_rays
from wam_demo.models.warping import warped_wrist
from wam_demo.sim.expert import Expert
from wam_demo.sim.rotation import logarithm
from wam_demo.sim.world import World
from wam_demo.train.calibration import calibrate, usual_poses

GRID = 8
CELL = 3 * GRID + 4


@pytest.fixture(scope="module")
def calibration():
    return calibrate(["pick_place"])


@pytest.fixture(scope="module")
def walk(calibration):
    """A moment, a later one, and what geometry says at the moment about the pictures of the later one."""
    world = World("pick_place")
    world.draw(500_003)
    expert = Expert(world)
    for _ in range(6):
        world.step(expert.act())
    before = torch.tensor(world.state_vector()).double()[None]
    now = {name: world.project(name, before[0, None, :3].numpy())[0] * 2 - 1 for name in ("front", "wrist")}
    seen_before = World("pick_place")
    seen_before.scene.restore(world.scene.snapshot())
    for _ in range(5):
        world.step(expert.act())
    after = torch.tensor(world.state_vector()).double()[None]
    told = cell_geometry(calibration, before, motion(before, after), GRID)
    yield world, seen_before, now, told
    world.close()
    seen_before.close()


def motion(before, after):
    turn = logarithm(columns(after) @ columns(before).T)
    values = np.concatenate([(after - before)[0, :3].numpy(), turn, after[0, 9:10].numpy()])
    return torch.tensor(values)[None, None]


def picture(world, camera):
    return torch.from_numpy(world.observe().images[camera].copy()).permute(2, 0, 1).float() / 255


def columns(state):
    first, second = state[0, 3:6].numpy(), state[0, 6:9].numpy()
    return np.stack([first, second, np.cross(first, second)], 1)


def test_cameras_are_mounted_alike_in_all_scenes(calibration):
    assert calibrate(["push", "stack", "drawer", "button", "reach"]) == calibration


def test_the_tcp_is_where_the_later_picture_shows_it(walk):
    world, _, _, told = walk
    for view, camera in enumerate(("front", "wrist")):
        shown = world.project(camera, world.state_vector()[None, :3])[0] * 2 - 1
        np.testing.assert_allclose(told[0, view, 0, CELL, 6:8] + cell_middles(GRID)[CELL], shown, atol=2e-3)
        assert told[0, view, 0, CELL, 8] == pytest.approx(10 * world.state_vector()[2], abs=1e-3)


def test_the_tcp_is_where_it_is_seen_now(walk):
    *_, now, told = walk
    for view, camera in enumerate(("front", "wrist")):
        np.testing.assert_allclose(told[0, view, 0, CELL, 9:11] + cell_middles(GRID)[CELL], now[camera], atol=2e-3)


def test_the_table_of_a_later_cell_is_found_in_what_is_seen_now(walk):
    world, seen_before, _, told = walk
    u, v = (cell_middles(GRID)[CELL] + 1).numpy() / 2
    for view, camera in enumerate(("front", "wrist")):
        point = world.ground_point(camera, u, v)
        for first, where in ((0, "front"), (3, "wrist")):
            expected = seen_before.project(where, point[None])[0] * 2 - 1
            u_now, v_now, is_seen = told[0, view, 0, CELL, first : first + 3].tolist()
            assert is_seen == float(np.abs(expected).max() < 1)
            np.testing.assert_allclose([u_now, v_now], expected.clip(-1.5, 1.5), atol=5e-3)


def test_rays_lead_to_what_the_camera_shows(walk):
    """A Pluecker ray: its moment about a point is the cross product of any of its points, seen from there."""
    world, *_ = walk
    poses = torch.from_numpy(flat_poses(world.observe())).double().view(1, 2, 13)
    tcp = torch.tensor(world.state_vector()[None, :3]).double()
    rays = token_rays(poses, tcp, GRID).view(2, GRID * GRID, 9)
    u, v = (cell_middles(GRID)[CELL] + 1).numpy() / 2
    for view, camera in enumerate(("front", "wrist")):
        point = torch.from_numpy(world.ground_point(camera, u, v))
        direction, about_base, about_tcp = rays[view, CELL].split(3)
        assert float(direction.norm()) == pytest.approx(1)
        torch.testing.assert_close(torch.linalg.cross(point, direction), about_base, atol=1e-5, rtol=0)
        torch.testing.assert_close(torch.linalg.cross(point - tcp[0], direction), about_tcp, atol=1e-5, rtol=0)


def test_a_camera_that_is_not_calibrated_has_no_rays(walk):
    world, *_ = walk
    seen = world.observe()
    partly = replace(seen, cameras={"front": seen.cameras["front"]})
    rays = token_rays(torch.from_numpy(flat_poses(partly)).view(1, 2, 13), torch.zeros(1, 3), GRID)
    assert rays[:, : GRID * GRID].abs().amin(-1).max() > 0
    assert not rays[:, GRID * GRID :].any()
    assert not flat_poses(replace(seen, cameras=None)).any()


def test_the_usual_poses_are_those_of_the_scene(walk, calibration):
    world, *_ = walk
    poses = usual_poses(calibration, torch.from_numpy(world.state_vector())[None])
    np.testing.assert_allclose(poses.flatten(), flat_poses(world.observe()), atol=1e-5)


def test_a_cell_of_the_fixed_camera_is_where_it_was(walk):
    *_, told = walk
    below_horizon = told[0, 0, 0, :, 2] > 0
    assert below_horizon.sum() > 40
    np.testing.assert_allclose(told[0, 0, 0, below_horizon, :2], cell_middles(GRID)[below_horizon], atol=1e-3)


def test_values_stay_bounded_whatever_the_state(calibration):
    """Poses that no robot has, as an upload may hold them."""
    state = torch.randn(64, 17, generator=torch.Generator().manual_seed(0)) * 3
    state[0] = 0
    told = cell_geometry(calibration, state, torch.randn(64, 4, 7), GRID)
    assert told.isfinite().all()
    assert told[..., :6].abs().max() <= 1.5
    tilted = replace(calibration, front=replace(calibration.front, position=(0.0, 0.0, -1.0)))
    assert cell_geometry(tilted, state, torch.zeros(64, 4, 7), GRID).isfinite().all()


def test_the_tables_later_picture_is_brought_over_from_both_pictures_of_now(walk, calibration):
    """Compared where nothing stands on the table: on the bare table of both pictures the texture must agree."""
    world, seen_before, _, _ = walk
    before = torch.tensor(seen_before.state_vector())[None]
    told = motion(before, torch.tensor(world.state_vector()).double()[None]).float()
    images = torch.stack([picture(seen_before, name) for name in ("front", "wrist")])[None]
    warped, later = warped_wrist(calibration, before.float(), told, images)[0, 0], picture(world, "wrist")
    for source in warped:
        shown = source.abs().sum(0) > 0
        assert shown.float().mean() > 0.3
        brought = (source - later).abs().mean(0)[shown]
        stayed = (images[0, 1] - later).abs().mean(0)[shown]
        assert brought.median() < 0.03
        assert brought.mean() < stayed.mean()


def test_nothing_is_brought_over_from_behind_the_camera(calibration):
    state = torch.zeros(1, 17)
    state[0, :9] = torch.tensor([0.4, 0.0, -3.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    warped = warped_wrist(calibration, state, torch.zeros(1, 1, 7), torch.ones(1, 2, 3, 16, 16))
    assert warped.isfinite().all()
    assert warped[0, 0, 1].abs().max() == 0
