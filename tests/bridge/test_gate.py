"""The gate's rules one by one, on a gantry with a clock in the test's hand."""

import numpy as np
import pytest

from bridge.command import Command, Refusal
from bridge.gate import RAMP_S, TICK_S, Gate
from tests.fakes.arm import Gantry, Hands

FORWARD = np.array([0.004, 0, 0, 0, 0, 0, 1.0])


class Rig:
    """A gate with its driver, ticked by hand."""

    def __init__(self, cameras=()):
        self.clock, self.driver = Hands(), Gantry(cameras)
        self.gate = Gate(self.driver.limits, self.driver.kinematics, cameras)
        self.number = 0
        self.gate.connected(self.clock())
        self.tick()

    def tick(self, count=1):
        for _ in range(count):
            self.clock.now += TICK_S
            out = self.gate.tick(self.driver.read(self.clock()), self.clock())
            if out is not None:
                self.driver.send(out, self.clock())

    def arm(self, client=1, mode="full"):
        self.gate.take_lease(client, f"client {client}", self.clock())
        self.epoch = self.gate.arm(client, mode, self.clock())
        self.number = 0

    def command(self, motion=FORWARD, client=1, **changes):
        self.number += 1
        self.gate.lease.heard(client, self.clock())
        values = {"number": self.number, "epoch": self.epoch, "sent": self.clock(), **changes}
        return self.gate.command(client, Command(np.array(motion, float), **values), self.clock())

    def drive(self, ticks, motion=FORWARD, **changes):
        for _ in range(ticks):
            self.command(motion, **changes)
            self.tick()

    def home(self, number):
        self.gate.lease.heard(1, self.clock())
        self.gate.go_home(1, Command(None, number, self.epoch, self.clock()), self.clock())
        self.tick()

    @property
    def status(self):
        return self.gate.status(self.clock())

    def refusal(self, **changes):
        with pytest.raises(Refusal) as caught:
            self.command(**changes)
        return caught.value.reason


@pytest.fixture
def rig():
    return Rig()


def test_nothing_is_sent_before_arming(rig):
    rig.tick(10)
    assert rig.driver.sent == []
    assert rig.status.state == "connected"


def test_commands_move_the_arm_and_say_what_was_applied(rig):
    rig.arm()
    applied = rig.command()
    np.testing.assert_allclose(applied, FORWARD, atol=1e-9)
    rig.tick()
    rig.drive(60)
    assert rig.status.state == "moving"
    assert rig.driver.positions[0] > 0.05


def test_speed_rises_slowly_after_arming(rig):
    rig.arm()
    rig.drive(int(0.3 / TICK_S))
    speeds = np.diff([positions[0] for _, positions in rig.driver.sent]) / TICK_S
    assert 0 < speeds.max() <= 0.3 / RAMP_S * rig.driver.limits.velocity[0] + 1e-6


def test_a_far_target_is_cut_to_a_control_step(rig):
    rig.arm()
    applied = rig.command(motion=[5.0, 0, 0, 0, 0, 3.0, 1.0])
    assert applied[0] <= 0.05
    assert rig.status.clamped["step"] == 1


def test_many_small_commands_do_not_pass_the_caps(rig):
    rig.arm()
    for _ in range(100):
        rig.command(motion=[0.05, 0, 0, 0, 0, 0, 1.0])
    rig.tick(50)
    assert rig.driver.positions[0] <= 0.05


def test_the_goal_stays_near_the_measured_pose(rig):
    rig.arm()
    rig.driver.stuck = True
    total = 0.0
    for _ in range(12):
        total += rig.command(motion=[0.01, 0, 0, 0, 0, 0, 1.0])[0]
        rig.tick()
    assert total <= 0.04 + 1e-9
    assert rig.status.clamped["lead"] > 0


def test_the_workspace_bounds_what_is_applied(rig):
    rig.arm()
    rig.drive(200, motion=[0, 0, 0.01, 0, 0, 0, 1.0])
    assert rig.driver.positions[2] <= 0.8 + 1e-6
    assert rig.status.clamped["workspace"] > 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"number": 0}, "replayed"),
        ({"epoch": 0}, "epoch"),
        ({"sent": 99.0}, "old"),
        ({"sent": 200.0}, "old"),
        ({"client": 2}, "not_holder"),
    ],
)
def test_what_is_refused(rig, changes, reason):
    rig.arm()
    assert rig.refusal(**changes) == reason
    rig.tick(10)
    assert all(np.array_equal(positions, rig.driver.limits.home) for _, positions in rig.driver.sent)


def test_silence_stops_within_the_command_age_and_needs_arming(rig):
    rig.arm()
    rig.drive(80)
    last, moved = rig.clock(), rig.driver.positions[0]
    rig.tick(20)
    pairs = zip(rig.driver.sent[1:], rig.driver.sent, strict=False)
    moving = [at for (at, now), (_, before) in pairs if (now != before).any()]
    assert rig.driver.positions[0] > moved
    assert max(moving) - last <= 0.1
    assert rig.status.state == "holding"
    assert rig.refusal() == "state"
    rig.arm()
    rig.command()


def test_stop_reaches_everybody_and_its_release_resumes_nothing(rig):
    rig.arm()
    rig.drive(80)
    rig.gate.stop()
    assert rig.refusal() == "stopped"
    with pytest.raises(Refusal):
        rig.arm(client=2)
    rig.gate.leave(2)
    rig.tick(10)
    rest = rig.driver.positions.copy()
    rig.gate.release_stop()
    assert rig.refusal() == "not_holder"
    rig.tick(20)
    np.testing.assert_array_equal(rig.driver.positions, rest)
    old = rig.epoch
    rig.arm()
    assert rig.refusal(epoch=old) == "epoch"


def test_one_commander_at_a_time_and_a_change_stops(rig):
    rig.arm()
    rig.drive(10)
    with pytest.raises(Refusal, match="client 1"):
        rig.gate.take_lease(2, "client 2", rig.clock())
    rig.gate.leave(1)
    assert rig.status.state == "holding"
    rig.tick(10)
    rig.arm(client=2)
    rig.command(client=2)


def test_a_policy_needs_living_cameras_and_a_person_does_not():
    rig = Rig(cameras=("front",))
    rig.arm()
    rig.drive(30)
    rig.driver.frozen = True
    frozen = rig.clock()
    for _ in range(30):
        if rig.status.state != "moving":
            break
        rig.command()
        rig.tick()
    assert rig.clock() - frozen <= 0.5
    rig.tick(10)
    rig.arm()
    rig.clock.now += 0.2
    assert rig.refusal() == "camera"
    rig.command(commander="person")


def test_a_camera_with_noise_that_repeats_itself_is_frozen():
    from bridge.driver import CameraFrame, Reading
    from bridge.watches import CameraWatch

    watch = CameraWatch(("front",), 0.0)
    picture = np.zeros((4, 4, 3), np.uint8)
    for index in range(20):
        now = 0.1 * index
        watch.look(Reading(np.zeros(4), np.zeros(4), {"front": CameraFrame(picture.copy(), now, noisy=True)}))
    assert "front" in (watch.stale(now) or "")


def test_a_stalled_joint_is_a_latched_fault(rig):
    rig.arm()
    rig.drive(50)
    rig.driver.stuck = True
    for _ in range(50):
        if rig.status.state == "fault":
            break
        rig.command()
        rig.tick()
    assert "stalled" in rig.status.fault
    with pytest.raises(Refusal):
        rig.arm()
    rig.gate.connected(rig.clock())
    rig.driver.stuck = False
    rig.tick()
    rig.arm()


def test_half_speed_halves_caps_and_speed(rig):
    rig.arm(mode="half")
    assert rig.command(motion=[0.05, 0, 0, 0, 0, 0, 1.0])[0] == pytest.approx(0.025)
    rig.tick()
    rig.drive(150, motion=[0.05, 0, 0, 0, 0, 0, 1.0])
    speeds = np.diff([positions[0] for _, positions in rig.driver.sent]) / TICK_S
    assert speeds.max() <= 0.5 + 1e-6


def test_a_dry_run_sends_nothing(rig):
    rig.arm(mode="dry")
    applied = rig.command()
    rig.tick(4)
    np.testing.assert_array_equal(applied[:6], 0)
    assert rig.driver.sent == []


def test_home_is_reached_only_while_somebody_asks_for_it(rig):
    rig.driver.positions[0] = 0.5
    rig.tick()
    rig.arm()
    for number in range(1, 10):
        rig.home(number)
    assert rig.status.moving
    rig.tick(20)
    assert rig.status.state == "holding"
    assert not rig.status.at_home
    rig.arm()
    for number in range(1, 200):
        rig.home(number)
    assert rig.status.at_home


def test_slack_motors_are_not_driven_until_armed(rig):
    rig.arm()
    rig.drive(10)
    with pytest.raises(Refusal):
        rig.gate.slacken()
    rig.gate.hold()
    rig.tick(10)
    rig.gate.slacken()
    sent = len(rig.driver.sent)
    rig.tick(10)
    assert len(rig.driver.sent) == sent


def test_a_joint_outside_its_limits_cannot_be_armed(rig):
    rig.driver.positions[0] = 1.2
    rig.tick()
    with pytest.raises(Refusal, match="outside"):
        rig.arm()


def test_nan_from_the_driver_is_a_fault(rig):
    rig.arm()
    rig.driver.positions[0] = np.nan
    rig.tick()
    assert rig.status.state == "fault"
