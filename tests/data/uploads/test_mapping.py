"""Mappings: the guess from names, changes by hand, and what is refused."""

import pytest

from wam_demo.data.uploads.contracts import Camera, Description, RecordedEpisode, Signal
from wam_demo.data.uploads.guess import guess, notes
from wam_demo.data.uploads.mapping import RobotMapping, SignalSlice, parse_slice
from wam_demo.errors import InvalidInputError, UnknownNameError


def describe(cameras, *signals, robot=""):
    return Description(
        "lerobot", 10, [Camera(name, 64, 48) for name in cameras], signals, [RecordedEpisode("0", 20, "go")], robot
    )


def signal(name, dim, names=(), low=None, high=None):
    return Signal(name, dim, tuple(names), tuple(low or [0.0] * dim), tuple(high or [1.0] * dim))


@pytest.mark.parametrize(
    ("cameras", "front", "wrist"),
    [
        (["wrist", "front"], "front", "wrist"),
        (["exterior_1_left", "exterior_2_left", "wrist_left"], "exterior_1_left", "wrist_left"),
        (["cam_high", "cam_left_wrist", "cam_right_wrist", "cam_low"], "cam_high", "cam_left_wrist"),
        (["laptop", "phone"], "laptop", None),
        (["depth_front", "image"], "image", None),
        (["left_wrist", "right_wrist"], "left_wrist", "right_wrist"),
    ],
)  # fmt: skip
def test_cameras_by_name(cameras, front, wrist):
    mapping = guess(describe(cameras))
    assert (mapping.front, mapping.wrist) == (front, wrist)


def test_droid_states():
    found = describe(
        ["exterior_1", "wrist"],
        signal("observation.state.cartesian_position", 6),
        signal("observation.state.gripper_position", 1),
        signal("observation.state.joint_position", 7),
        signal("action", 7),
    )
    mapping = guess(found)
    assert str(mapping.position) == "observation.state.cartesian_position[0:3]"
    assert mapping.rotation_kind == "euler_xyz"
    assert (mapping.gripper_closed, mapping.gripper_open) == (1.0, 0.0)
    assert str(mapping.joints) == "observation.state.joint_position[0:7]"
    assert mapping.action_kind == "motion"


def test_an_arm_that_records_joints_only():
    names = [
        "shoulder_pan.pos",
        "shoulder_lift.pos",
        "elbow_flex.pos",
        "wrist_flex.pos",
        "wrist_roll.pos",
        "gripper.pos",
    ]
    mapping = guess(describe(["top"], signal("observation.state", 6, names, [0.0] * 6, [30.0] * 6)))
    assert mapping.position is None
    assert mapping.rotation is None
    assert str(mapping.joints) == "observation.state[0:5]"
    assert str(mapping.gripper) == "observation.state[5:6]"
    assert mapping.gripper_open == 30.0


@pytest.mark.parametrize(
    "names",
    [
        [f"j{i}" for i in range(6)],
        [f"joint_{i}" for i in range(6)],
        [f"position.j{i}" for i in range(6)],
        [f"{n}.pos" for n in ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "joint_5")],
        [f"left_arm/q{i}.pos" for i in range(6)],
    ],
)
def test_joints_by_name(names):
    velocities = [f"{name}.vel" for name in names]
    mapping = guess(describe(["top"], signal("observation.state", 13, [*velocities, *names, "gripper"])))
    assert str(mapping.joints) == "observation.state[6:12]"
    assert str(mapping.gripper) == "observation.state[12:13]"


def test_angles_beyond_a_full_turn_are_degrees_and_this_is_said():
    names = [f"{n}.pos" for n in ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")]
    degrees = describe(["top"], signal("observation.state", 6, names, [-60.0] * 6, [45.0] * 5 + [100.0]))
    mapping = guess(degrees)
    assert mapping.joint_unit == "deg"
    assert notes(degrees, mapping) == [
        "observation.state[0:5] reaches 60, no angle in radians: read as degrees, see joint_unit"
    ]
    radians = describe(["top"], signal("observation.state", 6, names, [-3.1] * 6, [6.28] * 5 + [100.0]))
    assert guess(radians).joint_unit == "rad"
    assert notes(radians, guess(radians)) == []
    cartesian = describe(["top"], signal("cartesian_position", 6, (), [-0.5] * 3 + [-180.0] * 3))
    assert (guess(cartesian).rotation_kind, guess(cartesian).rotation_unit) == ("euler_xyz", "deg")


def test_a_state_without_names_is_told_by_its_ranges():
    joints = signal("state", 8, (), [0, 0, 0, -2.5, 0, 1.5, 0, 0], [1, 1, 1, -1.5, 1, 2.5, 1, 0.04])
    assert str(guess(describe(["a"], joints)).joints) == "state[0:7]"
    pose = guess(describe(["a"], signal("observation.state", 8)))
    assert (str(pose.position), str(pose.rotation)) == ("observation.state[0:3]", "observation.state[3:6]")


def test_a_state_without_names_in_degrees_is_no_tool_sixty_metres_away():
    mapping = guess(describe(["a"], signal("observation.state", 6, (), [-60.0] * 6, [60.0] * 6)))
    assert (mapping.position, str(mapping.joints), mapping.joint_unit) == (None, "observation.state[0:6]", "deg")


def test_our_own_datasets_hold_what_was_applied():
    names = [f"tcp_translation.{a}" for a in "xyz"] + [f"tcp_rotation_vector.{a}" for a in "xyz"] + ["gripper_opening"]
    state = [f"tcp_position.{a}" for a in "xyz"] + [f"tcp_rotation.{c}{a}" for c in "01" for a in "xyz"]
    state += ["gripper_opening", *(f"joint_{i}" for i in range(7))]
    found = describe(
        ["front", "wrist"], signal("observation.state", 17, state), signal("action", 7, names), robot="panda_sim"
    )
    mapping = guess(found)
    assert [str(p) for p in (mapping.position, mapping.rotation, mapping.gripper, mapping.joints)] == [
        f"observation.state[{a}:{b}]" for a, b in ((0, 3), (3, 9), (9, 10), (10, 17))
    ]
    assert (mapping.rotation_kind, mapping.action_kind, mapping.align) == ("rot6d", "recorded", False)
    assert (mapping.calibration, mapping.poses, mapping.places_the_tool) == ("usual", None, True)
    assert not RobotMapping("front", position=mapping.position, align=False).places_the_tool  # not how it is turned
    assert not mapping.changed({"align": True}).places_the_tool


def test_our_own_wide_datasets_say_where_the_cameras_stand():
    found = describe(["front", "wrist"], signal("camera_poses", 26), robot="panda_sim")
    mapping = guess(found)
    assert (mapping.calibration, str(mapping.poses)) == ("recorded", "camera_poses[0:26]")
    assert mapping.validated(found).signals == ("camera_poses",)
    assert guess(describe(["front"], signal("camera_poses", 26))).calibration == "none"


FOUND = describe(["front", "wrist"], signal("state", 8), signal("action", 7))


def test_it_is_written_and_read_back():
    mapping = RobotMapping("front", "wrist", position=SignalSlice("state", 0, 3), action_kind="motion")
    assert RobotMapping("front").changed(mapping.document()) == mapping


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"front": "frnt"}, "did you mean 'front'"),
        ({"position": "state[0:2]"}, "takes 3 numbers"),
        ({"position": "state[7:10]"}, "reaches beyond the 8 numbers"),
        ({"position": "states[0:3]"}, "unknown signal"),
        ({"position": "state"}, "signal\\[start:stop\\]"),
        ({"position": "state[3:3]"}, "the range is empty"),
        ({"rotation_kind": "quat"}, "unknown rotation"),
        ({"gripper": "state[7:8]", "gripper_open": 0}, "must differ"),
        ({"gripper_open": "nan"}, "not finite"),
        ({"gripper_open": "wide"}, "must be a number"),
        ({"action_kind": "recorded"}, "needs 7 numbers"),
        ({"calibration": "recorded"}, "need 26 numbers"),
        ({"calibration": "somewhere"}, "unknown calibration"),
        ({"action_kind": "motion"}, "need the TCP position"),
        ({"fps": "0"}, "frames a second"),
        ({"gripper_open": 10**400}, "must be a number"),
        ({"position": f"state[0:{'1' * 5000}]"}, "signal\\[start:stop\\]"),
        ({"joint_unit": "grad"}, "unknown unit"),
        ({"fit": "stretch"}, "unknown fit"),
        ({"wirst": "wrist"}, "did you mean 'wrist'"),
        ({"instruction": "x" * 501}, "501 characters"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(InvalidInputError, match=message):
        RobotMapping("front").changed(changes).validated(FOUND)


def test_parts_of_signals_with_slashes_and_brackets():
    assert parse_slice(" obs/a[0][1:4]") == SignalSlice("obs/a[0]", 1, 4)
    with pytest.raises(UnknownNameError):
        RobotMapping("front", position=parse_slice("obs/a[0:3]")).validated(FOUND)
