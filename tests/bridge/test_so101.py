"""The SO-101's driver against a fake of LeRobot's robot: units, faults, and no question on the keyboard."""

import numpy as np
import pytest

from bridge.driver import ArmLimits, DriverFault
from bridge.drivers import so101

NAMES = (*so101.JOINTS, so101.GRIPPER)


class FakeBus:
    def __init__(self):
        self.degrees = dict.fromkeys(NAMES, 0.0) | {"gripper": 40.0}
        self.broken, self.torque = False, True

    def sync_read(self, what, normalize=True):
        if self.broken:
            raise ConnectionError("no status packet")
        return self.degrees if what == "Present_Position" else dict.fromkeys(NAMES, -500)

    def disable_torque(self):
        self.torque = False

    def enable_torque(self):
        self.torque = True


class FakeCamera:
    image = np.zeros((4, 4, 3), np.uint8)

    def read_latest(self):
        if self.image is None:
            raise TimeoutError
        return self.image


class FakeRobot:
    def __init__(self, port, name, cameras):
        self.bus, self.cameras = FakeBus(), {key: FakeCamera() for key in cameras}
        self.is_connected, self.is_calibrated, self.calibrate = False, True, None

    def connect(self, calibrate=True):
        assert not calibrate
        self.is_connected = True

    def disconnect(self):
        self.is_connected = False

    def send_action(self, action):
        self.bus.degrees = {key.removesuffix(".pos"): value for key, value in action.items()}


@pytest.fixture
def robot():
    return FakeRobot("/dev/ttyACM0", "so101", {"front": 0})


@pytest.fixture
def driver(monkeypatch, robot):
    reach = np.array([1.9, 1.7, 1.6, 1.6, 2.7, 1.0])
    limits = ArmLimits(np.append(-reach[:5], 0.0), reach, reach, 30 * reach, np.zeros((2, 3)), np.zeros(6))
    monkeypatch.setattr(so101, "load_arm", lambda: None)
    monkeypatch.setattr(so101, "so101_limits", lambda model: limits)
    monkeypatch.setattr(so101, "so101_kinematics", lambda: None)
    return so101.So101(cameras={"front": 0}, open_robot=lambda *given: robot)


def test_what_is_sent_is_read_back_in_radians_and_shares(driver):
    driver.connect(0.0)
    sent = np.array([0.1, -0.2, 0.3, -0.4, 0.5, 0.6])
    driver.send(sent, 0.0)
    reading = driver.read(0.0)
    np.testing.assert_allclose(reading.positions, sent)
    np.testing.assert_allclose(reading.load, 0.5)


def test_an_arm_without_calibration_is_a_fault_and_asks_nothing(driver, robot):
    robot.is_calibrated = False
    with pytest.raises(DriverFault, match="not calibrated"):
        driver.connect(0.0)


def test_a_bus_that_fails_is_a_fault(driver, robot):
    driver.connect(0.0)
    robot.bus.broken = True
    with pytest.raises(DriverFault, match="no status packet"):
        driver.read(0.0)


def test_a_camera_that_stops_keeps_its_old_frame(driver, robot):
    driver.connect(0.0)
    first = driver.read(0.0).frames["front"]
    again = driver.read(0.1).frames["front"]
    robot.cameras["front"].image = None
    assert driver.read(0.2).frames["front"] is again is first


def test_released_torque_comes_back_with_the_next_target(driver, robot):
    driver.connect(0.0)
    driver.release_torque()
    assert not robot.bus.torque
    driver.send(np.zeros(6), 0.0)
    assert robot.bus.torque


def test_limits_keep_off_the_mechanical_stops(driver):
    assert driver.limits.upper[0] == pytest.approx(1.85)
    assert (driver.limits.lower[-1], driver.limits.upper[-1]) == (0, 1)
