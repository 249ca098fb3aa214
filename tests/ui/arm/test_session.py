"""The Arm tab's session over a bridge in this process: a dry run shows plans and moves nothing."""

import threading
import time
from concurrent.futures import Future

import cv2
import numpy as np
import pytest

from bridge.arm import Arm
from bridge.server import ArmServer
from tests.fakes.arm import Gantry
from tests.fakes.board import looking_at
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.robots.arm.calibration import Mount, save_mounts
from wam_demo.robots.arm.client import ArmAddress
from wam_demo.runtime import Planner
from wam_demo.types import ActionChunk, Prediction
from wam_demo.ui.arm.session import ArmSession

TOKEN = "0123456789abcdef"
DOWN = np.tile(np.array([0.01, 0, -0.01, 0, 0, 0, 1], np.float32), (16, 1))


def plan(observation):
    future = Future()
    future.set_result(Prediction(ActionChunk(DOWN)))
    return future


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setattr("wam_demo.robots.arm.calibration.MOUNTS", tmp_path / "cameras.json")
    save_mounts({"front": Mount(looking_at([0, 0, 0.4], [1.5, 0, 0.9]), False, 0.2, 480)})
    ending, driver = threading.Event(), Gantry(("front", "wrist"))
    arm = Arm(driver)
    thread = threading.Thread(target=arm.run, args=[ending.is_set])
    thread.start()
    with ArmServer(arm, TOKEN) as server:
        session = ArmSession(ArmAddress(server.url, TOKEN), lambda policy, source: Planner(plan), tmp_path)
        yield session, driver
        session.close()
        ending.set()
        thread.join(5)


def orange(session) -> int:
    """Pixels of the plan's colour in the tab's picture."""
    picture = cv2.imdecode(np.frombuffer(session.picture(), np.uint8), cv2.IMREAD_COLOR).astype(int)
    return int((picture[..., 2] - picture[..., 0] > 60).sum())


def test_a_dry_run_draws_plans_and_sends_nothing(served):
    session, driver = served
    while not session.state()["status"].get("state"):
        time.sleep(0.02)
    assert orange(session) == 0
    assert session.where()["cameras"] == ["front", "wrist"]
    session.begin(GridSpec(("hold",), ("pick_place",), episodes=1).validated(), "dry", "put it there")
    ends = time.monotonic() + 20
    while not orange(session):
        assert time.monotonic() < ends
        assert session.state()["trials"]["running"]
        time.sleep(0.05)
    session.ask("hold")
    while session.state()["trials"]["running"]:
        time.sleep(0.02)
    assert orange(session) == 0  # nothing is planned any more
    assert driver.sent == []
