"""The bridge as a process: its token, its end, and what is left of it after a kill."""

import os
import signal
import time

import numpy as np
import pytest

from bridge.ringlog import read_log
from wam_demo.errors import InvalidInputError, SourceFault
from wam_demo.robots.arm.client import ArmAddress, ArmClient
from wam_demo.robots.arm.preflight import preflight
from wam_demo.robots.arm.process import BridgeProcess
from wam_demo.robots.arm.source import ArmSource

ACTION = np.array([0.01, 0, 0, 0, 0, 0, 1], np.float32)
FAKE = "tests.fakes.arm:Gantry"


@pytest.fixture
def own_python(monkeypatch):
    """The gantry needs no environment of its own."""
    monkeypatch.setattr("wam_demo.robots.arm.process.OWN_PYTHON", (FAKE, "panda-sim"))


@pytest.fixture
def bridge(own_python, tmp_path):
    with BridgeProcess(FAKE, log=tmp_path / "arm.log") as process:
        yield process


def moving(bridge):
    source = ArmSource(ArmClient.connect(bridge.address))
    for _ in range(5):  # a busy machine may stall the stream, which the gate takes for silence
        try:
            source.reset(0)
            for _ in range(8):
                source.apply(ACTION)
            return source
        except SourceFault:
            continue
    pytest.skip("this machine is too busy to keep 10 Hz")


def test_a_wrong_token_is_turned_away(bridge):
    with pytest.raises(SourceFault, match="token is wrong"):
        ArmClient.connect(ArmAddress(bridge.address.url, "wrong"))


def test_the_preflight_list_passes_and_moves_nothing(bridge, tmp_path):
    with ArmClient.connect(bridge.address) as client:
        time.sleep(0.2)
        assert [item for item in preflight(client) if item.needed and not item.ok] == []
    assert not any(record.kind in ("armed", "moving") for record in read_log(tmp_path / "arm.log"))


def test_a_client_that_leaves_stops_the_arm(bridge, tmp_path):
    moving(bridge).close()
    with ArmClient.connect(bridge.address) as client:
        time.sleep(0.3)
        client.ask("status")
        assert client.status.state == "holding"
        assert not client.status.moving


def test_sigterm_in_motion_comes_to_rest_first(bridge, tmp_path):
    moving(bridge)
    bridge.close()
    assert bridge.process.returncode == 0
    ticks = [record for record in read_log(tmp_path / "arm.log") if record.kind == "tick"]
    assert np.allclose(ticks[-1].commanded[:4], ticks[-2].commanded[:4], atol=0.01)


def test_a_killed_bridge_leaves_its_log_and_a_new_one_does_not_move(bridge, own_python, tmp_path):
    source = moving(bridge)
    os.kill(bridge.process.pid, signal.SIGKILL)
    bridge.process.wait()
    with pytest.raises(SourceFault, match="gone"):
        source.apply(ACTION)
    assert any(record.kind == "moving" for record in read_log(tmp_path / "arm.log"))
    with (
        BridgeProcess(FAKE, log=tmp_path / "arm.log", token=bridge.address.token) as again,
        ArmClient.connect(again.address) as client,
    ):
        time.sleep(0.2)
        client.ask("status")
        assert (client.status.state, client.status.epoch) == ("connected", 0)


def test_a_driver_that_does_not_exist_is_one_line(own_python):
    with pytest.raises(InvalidInputError, match="cannot be used here"):
        BridgeProcess("panda-sim", {"colour": "red"})
