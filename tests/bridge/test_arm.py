"""An arm behind its wire: faults of drivers, clients and time, with a clock in the test's hand."""

import numpy as np
import pytest

from bridge.gate import TICK_S
from bridge.ringlog import RingLog, read_log
from tests.fakes.arm import Gantry, Workbench
from wam_demo.errors import SourceFault
from wam_demo.robots.arm.client import ArmRefusal

ACTION = np.array([0.02, 0, 0, 0, 0, 0, 1], np.float32)


class Judged(Gantry):
    """A gantry that is a scene, so that `reset` needs no way home."""

    def reset(self, seed):
        self.positions = self.limits.home.copy()

    def report(self):
        return {"instruction": "move", "success": False, "goal_distance": 0.3, "fault": None}

    def inject(self, fault, on):
        if fault != "broken":
            raise ValueError(f"unknown fault {fault!r}")
        self.broken = "bus error" if on else None


@pytest.fixture
def bench():
    return Workbench(Judged(("front", "wrist")))


def moving_source(bench, steps=10):
    source = bench.source()
    source.reset(0)
    for _ in range(steps):
        source.observe()
        source.apply(ACTION)
    assert bench.arm.status().state == "moving"
    return source


def last_motion(driver):
    """When the last target that differs from the one before it was sent."""
    pairs = zip(driver.sent[1:], driver.sent, strict=False)
    return max(at for (at, now), (_, before) in pairs if (now != before).any())


def test_an_action_becomes_five_commands_and_is_applied_in_full(bench):
    source = bench.source()
    first = source.reset(0)
    applied = [source.apply(ACTION) for _ in range(5) if source.observe()]
    np.testing.assert_allclose(applied[-1], ACTION, atol=1e-6)
    bench.sleep(0.3)
    moved = source.observe().state[0] - first.state[0]
    assert moved == pytest.approx(0.1, abs=5e-3)


def test_observations_come_at_the_control_rate(bench):
    source = bench.source()
    source.reset(0)
    times = []
    for _ in range(10):
        times.append(source.observe().time)
        source.apply(ACTION)
    np.testing.assert_allclose(np.diff(times), 0.1, atol=0.021)


def test_a_loop_that_stalls_stops_the_arm_in_time(bench):
    source = moving_source(bench)
    last = bench.clock()
    bench.sleep(10.0)
    assert last_motion(bench.driver) - last <= 0.1
    with pytest.raises(ArmRefusal):
        source.apply(ACTION)
    rest = bench.driver.positions.copy()
    bench.sleep(1.0)
    np.testing.assert_array_equal(bench.driver.positions, rest)
    source.reset(0)
    source.apply(ACTION)


@pytest.mark.parametrize(
    "action",
    [
        np.full(7, np.nan, np.float32),
        np.array([np.inf, 0, 0, 0, 0, 0, 1], np.float32),
        np.zeros(6, np.float32),
        np.zeros((2, 7), np.float32),
    ],
)
def test_an_action_that_is_none_never_arrives(bench, action):
    source = moving_source(bench)
    last = bench.clock()
    with pytest.raises(ArmRefusal):
        source.apply(action)
    bench.sleep(0.5)
    assert last_motion(bench.driver) - last <= 0.1
    assert all(np.isfinite(positions).all() for _, positions in bench.driver.sent)


def test_a_bus_error_is_latched_until_the_arm_is_connected_again(bench):
    source = moving_source(bench)
    bench.driver.broken = "bus error"
    bench.sleep(TICK_S)
    assert bench.arm.status().state == "fault"
    bench.driver.broken = None
    bench.sleep(1.0)
    sent = len(bench.driver.sent)
    with pytest.raises(SourceFault, match="bus error"):
        source.client.arm("x", "full")
    source.client.ask("connect")
    bench.sleep(0.1)
    assert len(bench.driver.sent) == sent
    assert bench.arm.status().state == "connected"


def test_a_driver_that_breaks_in_another_way_is_a_fault_too(bench):
    moving_source(bench)

    def explode(now):
        raise RuntimeError("surprise")

    bench.driver.read = explode
    bench.sleep(TICK_S)
    assert "surprise" in bench.arm.status().fault


def test_two_commanders_never_share(bench):
    source = moving_source(bench)
    bench.client = 2
    with pytest.raises(ArmRefusal, match="commands the arm"):
        bench.source(name="second").client.ask("lease", name="second")
    bench.client = 1
    source.apply(ACTION)


def test_stop_from_anybody_ends_the_episode_and_its_release_resumes_nothing(bench):
    source = moving_source(bench)
    bench.client = 2
    watcher = bench.source(name="watcher").client
    watcher.ask("stop")
    stopped = bench.clock()
    bench.client = 1
    with pytest.raises(ArmRefusal, match="STOP"):
        source.apply(ACTION)
    bench.sleep(0.5)
    assert last_motion(bench.driver) - stopped <= 0.1
    watcher.ask("release_stop")
    with pytest.raises(ArmRefusal):
        source.apply(ACTION)
    source.reset(1)
    source.apply(ACTION)


def test_an_unknown_request_or_mode_is_refused(bench):
    client = bench.source().client
    with pytest.raises(ArmRefusal, match="unknown request"):
        client.ask("dance")
    client.ask("lease", name="x")
    with pytest.raises(ArmRefusal, match="a mode is one of"):
        client.ask("arm", mode="ludicrous")
    with pytest.raises(ArmRefusal, match="unknown fault"):
        client.ask("inject", fault="meteor", on=True)


def test_the_log_of_the_last_minute_says_what_happened(tmp_path):
    path = tmp_path / "arm.log"
    bench = Workbench(Judged(), RingLog(path))
    moving_source(bench)
    bench.driver.broken = "bus error"
    bench.sleep(0.1)
    records = list(read_log(path))  # without closing it, as after a kill
    kinds = [record.kind for record in records]
    assert kinds[0] == "connected"
    assert {"armed", "moving", "fault", "tick"} <= set(kinds)
    fault = next(record for record in records if record.kind == "fault")
    assert fault.text == "bus error"
    bench.arm.close()
    RingLog(path).close()
    assert list(read_log(path.with_name("arm.log.before")))


def test_the_log_keeps_no_more_than_its_file(tmp_path):
    log = RingLog(tmp_path / "arm.log")
    size = (tmp_path / "arm.log").stat().st_size
    for number in range(20_000):
        log.write(float(number), "tick", None, None)
    log.close()
    assert (tmp_path / "arm.log").stat().st_size == size
    assert list(read_log(tmp_path / "arm.log"))[-1].time == 19_999


def test_a_driver_without_scenes_goes_home_at_a_reset():
    bench = Workbench(Gantry(("front",)))
    bench.driver.positions[0] = 0.3
    bench.sleep(TICK_S)
    source = bench.source()
    source.reset(0)
    np.testing.assert_allclose(bench.driver.positions[:3], bench.driver.limits.home[:3], atol=5e-3)
    with pytest.raises(ArmRefusal, match="simulated"):
        source.client.ask("inject", fault="broken", on=True)


def test_an_unplugged_arm_can_be_connected_again():
    driver = Gantry()
    driver.broken = "no device on the bus"
    bench = Workbench(driver)
    assert bench.arm.status().state == "fault"
    driver.broken = None
    client = bench.source().client
    client.ask("connect")
    assert client.ask("status")["status"]["state"] == "connected"
