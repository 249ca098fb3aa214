"""States and actions out of foreign numbers: positions, rotations in every notation, openings."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from wam_demo.data.uploads.mapping import RobotMapping, SignalSlice
from wam_demo.data.uploads.motion import HOME_STATE, actions, control_rows, states

STEPS = 12
TURNS = Rotation.from_rotvec(np.outer(np.arange(STEPS) * 0.05, [0.0, 0.6, 0.8]))
POSITION = np.cumsum(np.full((STEPS, 3), [0.01, -0.02, 0.0]), axis=0)
WRITTEN = {
    "rotvec": TURNS.as_rotvec(),
    "quat_xyzw": TURNS.as_quat(),
    "quat_wxyz": TURNS.as_quat()[:, [3, 0, 1, 2]],
    "euler_xyz": TURNS.as_euler("xyz"),
    "rot6d": TURNS.as_matrix()[:, :, :2].transpose(0, 2, 1).reshape(-1, 6),
}
ROWS = np.arange(STEPS)


def mapped(kind="rotvec", **more):
    values = {"p": POSITION.astype(np.float32), "r": WRITTEN[kind].astype(np.float32)}
    dim = values["r"].shape[1]
    mapping = RobotMapping(
        "front", position=SignalSlice("p", 0, 3), rotation=SignalSlice("r", 0, dim), rotation_kind=kind, **more
    )
    return values, mapping


@pytest.mark.parametrize("kind", WRITTEN)
def test_rotations_in_every_notation_give_the_same_motion(kind):
    values, mapping = mapped(kind, action_kind="motion")
    moved = actions(values, mapping, ROWS)
    np.testing.assert_allclose(moved[:-1, :3], np.tile([0.01, -0.02, 0.0], (STEPS - 1, 1)), atol=1e-6)
    np.testing.assert_allclose(moved[:-1, 3:6], np.tile([0.0, 0.03, 0.04], (STEPS - 1, 1)), atol=1e-5)
    assert np.isnan(moved[-1]).all()
    assert np.isnan(moved[:, 6]).all()


def test_an_aligned_path_starts_where_our_arm_does_and_keeps_its_shape():
    values, mapping = mapped(align=True)
    found = states(values, mapping, ROWS)
    np.testing.assert_allclose(found[0, :9], HOME_STATE[:9], atol=1e-6)
    np.testing.assert_allclose(np.diff(found[:, :3], axis=0), np.diff(POSITION, axis=0), atol=1e-6)
    first = found[:, 3:6].astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1.0, atol=1e-5)
    values, mapping = mapped(align=False)
    np.testing.assert_allclose(states(values, mapping, ROWS)[:, :3], POSITION, atol=1e-6)


def test_the_gripper_is_an_opening_whatever_its_direction():
    values = {"g": np.linspace(0, 255, STEPS, dtype=np.float32)[:, None]}
    mapping = RobotMapping(
        "front", gripper=SignalSlice("g", 0, 1), gripper_closed=255, gripper_open=0, action_kind="motion"
    )
    opening = states(values, mapping, ROWS)[:, 9]
    assert (opening[0], opening[-1]) == (1.0, 0.0)
    np.testing.assert_allclose(actions(values, mapping, ROWS)[:-1, 6], opening[1:])


def test_recorded_actions_between_two_control_steps_add_up():
    times = np.arange(40) / 20.0
    rows = control_rows(times, np.arange(20) / 10.0)
    given = np.tile(np.float32([1, 0, 0, 0, 0, 1, 0.5]), (40, 1))
    mapping = RobotMapping(
        "front", action=SignalSlice("a", 0, 7), action_kind="recorded", action_scale=0.05, action_turn_scale=0.5
    )
    found = actions({"a": given}, mapping, rows)
    np.testing.assert_allclose(found, np.tile(np.float32([0.1, 0, 0, 0, 0, 1.0, 0.5]), (20, 1)), atol=1e-6)


def test_what_is_not_recorded_is_the_arm_at_rest_and_unknown_actions():
    mapping = RobotMapping("front")
    np.testing.assert_array_equal(states({}, mapping, ROWS), np.tile(HOME_STATE, (STEPS, 1)))
    assert np.isnan(actions({}, mapping, ROWS)).all()


def test_a_rotation_that_is_none_counts_as_none():
    values = {"r": np.zeros((STEPS, 4), np.float32)}
    mapping = RobotMapping("front", rotation=SignalSlice("r", 0, 4), action_kind="motion")
    assert np.isfinite(states(values, mapping, ROWS)).all()


def test_angles_in_degrees_become_radians():
    values = {"q": np.full((STEPS, 5), 90.0, np.float32), "r": np.rad2deg(WRITTEN["euler_xyz"]).astype(np.float32)}
    mapping = RobotMapping(
        "front", joints=SignalSlice("q", 0, 5), joint_unit="deg", rotation=SignalSlice("r", 0, 3),
        rotation_kind="euler_xyz", rotation_unit="deg", align=False,
    )  # fmt: skip
    found = states(values, mapping, ROWS)
    np.testing.assert_allclose(found[:, 10:15], np.pi / 2, atol=1e-6)
    np.testing.assert_allclose(found[:, 3:9], WRITTEN["rot6d"], atol=1e-5)
