"""Cameras are found again from pictures of the board by cameras whose poses are known."""

import numpy as np
import pytest

from tests.fakes.board import drawn_camera, errors, looking_at, measured, photograph
from wam_demo.errors import DataError, InvalidInputError
from wam_demo.robots.arm.board import board_page, find_board
from wam_demo.robots.arm.calibration import BoardPlace, calibrate, load_mounts, save_mounts, tcp_pose
from wam_demo.types import CameraPose

PLACE = BoardPlace(x=0.3, y=-0.05, z=0.01, yaw=0.4)
CAMERA = looking_at([0.3, -0.05, 0.01], [0.75, 0.1, 0.4])


def test_drawn_cameras_are_found_within_millimetres():
    found, refused = measured(6, extra=1)
    assert refused <= 1
    position, rotation, width, reprojection = np.median(found, axis=0)
    assert (position < 2.0, rotation < 0.1, width < 0.5, reprojection < 0.3) == (True,) * 4
    assert found[:, 0].max() < 15


def test_a_camera_on_the_hand_is_found_in_the_frame_of_the_hand():
    tcp = CameraPose(np.array([0.2, 0.1, 0.3], np.float32), looking_at([0, 0, 0], [1, 1, 1]).rotation, 0.0)
    mount = calibrate([find_board(photograph(CAMERA, PLACE))], PLACE, tcp)
    assert mount.on_hand
    again = mount.at(tcp)
    np.testing.assert_allclose(again.position, CAMERA.position, atol=5e-3)
    moved = mount.at(CameraPose(tcp.position + np.float32(0.1), tcp.rotation, 0.0))
    np.testing.assert_allclose(moved.position - again.position, 0.1, atol=1e-6)


def test_a_wrong_square_or_place_moves_the_camera_and_a_bent_corner_shows_as_error():
    view = find_board(photograph(CAMERA, PLACE))
    right = calibrate([view], PLACE)
    larger = calibrate([view], BoardPlace(PLACE.x, PLACE.y, PLACE.z, PLACE.yaw, 1.1 * PLACE.square))
    assert errors(larger, CAMERA)[0] > 30
    view.image[0] += 1
    assert calibrate([view], PLACE).error_px > 3 * right.error_px


def test_a_camera_straight_above_does_not_tell_how_wide_it_sees():
    above = looking_at([PLACE.x, PLACE.y, PLACE.z], [PLACE.x + 0.002, PLACE.y, 0.5])
    flat = find_board(photograph(above, PLACE))
    with pytest.raises(InvalidInputError, match="tilted"):
        calibrate([flat], PLACE)
    seen = drawn_camera(np.random.default_rng(1), PLACE)
    tilted = find_board(photograph(CameraPose(seen.position, seen.rotation, above.half), PLACE))
    assert errors(calibrate([tilted, flat], PLACE), above)[0] < 10


def test_a_picture_without_the_board_is_one_line():
    with pytest.raises(InvalidInputError, match="corners are needed"):
        find_board(np.full((64, 80, 3), 90, np.uint8))


def test_the_page_shows_a_board_that_is_found():
    assert len(find_board(board_page()[::4, ::4]).image) >= 6


def test_what_was_kept_is_read_again(tmp_path):
    path = tmp_path / "cameras.json"
    assert load_mounts(path) == {}
    mount = calibrate([find_board(photograph(CAMERA, PLACE))], PLACE)
    save_mounts({"front": mount}, path)
    again = load_mounts(path)["front"]
    np.testing.assert_allclose(again.pose.rotation, mount.pose.rotation, atol=1e-6)
    assert (again.on_hand, again.size) == (False, 480)
    path.write_text('{"front": {"pose": 1}}')
    with pytest.raises(DataError, match="not a calibration"):
        load_mounts(path)


def test_the_pose_of_the_hand_is_read_from_the_state():
    rotation = CAMERA.rotation
    state = np.concatenate([[0.1, 0.2, 0.3], rotation[:, 0], rotation[:, 1], np.zeros(8)]).astype(np.float32)
    np.testing.assert_allclose(tcp_pose(state).rotation, rotation, atol=1e-6)
