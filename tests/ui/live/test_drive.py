"""What a page may send to drive and to record, and what it is told."""

import numpy as np
import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.ui.live.drive import DRIVE_PARSERS, SPEEDS, parse_drive

VALID = {"n": 3, "held": True, "move": [0.5, 1, -1], "turn": 0.0, "speed": 2, "frame": "camera", "gripper": None}


def test_right_away_and_up_become_the_axes_of_the_frame():
    command = parse_drive(VALID)
    np.testing.assert_allclose(command.twist, np.array([1, -0.5, -1, 0, 0, 0]) * SPEEDS[2], atol=1e-6)
    assert (command.number, command.held, command.frame, command.gripper) == (3, True, "camera", None)
    assert parse_drive({**VALID, "turn": 1}).twist[5] > 0


def test_a_drag_keeps_its_number_place_and_lift():
    drag = parse_drive({**VALID, "drag": {"n": 4, "at": [0.2, 0.8], "lift": -0.1}}).drag
    assert (drag.number, drag.at, drag.lift, drag.speed) == (4, (0.2, 0.8), -0.1, SPEEDS[2])


@pytest.mark.parametrize(
    "change",
    [
        {"n": -1}, {"n": "1"}, {"move": [0, 0]}, {"move": [0, 0, 2]}, {"move": [0, 0, float("nan")]}, {"move": None},
        {"turn": 1.1}, {"speed": len(SPEEDS)}, {"speed": 1.5}, {"frame": "world"}, {"gripper": 2}, {"drag": 1},
        {"drag": {"n": 1, "at": [0.5, 1.2], "lift": 0}}, {"drag": {"n": 1, "at": [0.5, 0.5], "lift": 9}},
    ],
)  # fmt: skip
def test_what_is_unusable_is_refused_with_one_line(change):
    with pytest.raises(InvalidInputError) as refused:
        parse_drive({**VALID, **change})
    assert "\n" not in str(refused.value)


def test_a_payload_that_is_no_object_is_refused():
    with pytest.raises(InvalidInputError, match="is an object"):
        parse_drive([1, 2])


@pytest.mark.parametrize("name", ["", "../up", "Up", "a" * 41, ".hidden", "a b", None, 3])
def test_a_recording_has_a_plain_name(name):
    with pytest.raises(InvalidInputError, match="name"):
        DRIVE_PARSERS["record"]({"on": True, "name": name})


def test_commands_keep_what_they_need():
    assert DRIVE_PARSERS["record"]({"on": True, "name": "my-set_2", "auto": 1}) == {
        "on": True, "name": "my-set_2", "auto": True,
    }  # fmt: skip
    assert DRIVE_PARSERS["record"]({"on": False, "name": "/"}) == {"on": False}
    assert DRIVE_PARSERS["share"]({"weight": 0.3}) == {"weight": 0.3}
    assert DRIVE_PARSERS["verdict"]({"success": 0}) == {"success": False}
    with pytest.raises(InvalidInputError, match="your share"):
        DRIVE_PARSERS["share"]({"weight": 1.5})
