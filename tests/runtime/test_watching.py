"""A policy that watches a camera: latest frame wins, faults become one line, nothing is left behind."""

import threading
import time

import numpy as np
import pytest

from tests.fakes import brain
from wam_demo.robots.camera import CameraSource, FrameBox
from wam_demo.runtime import Planner
from wam_demo.runtime.watching import Watching


@pytest.fixture
def watch():
    opened = []

    def start(planner=None):
        frames, views = FrameBox(), []
        source = CameraSource({"front": frames}, np.zeros(17, np.float32), "go")
        opened.append(Watching(source, frames, planner or brain.planner(), views.append))
        opened[-1].start()
        return frames, views, opened[-1]

    yield start
    for watching in opened:
        watching.close()
    assert not [t for t in threading.enumerate() if t.name == "watching"]


def feed(frames, seconds, every=0.03):
    end = time.monotonic() + seconds
    rng = np.random.default_rng(0)
    while time.monotonic() < end:
        frames.put(rng.integers(0, 255, (240, 320, 3), np.uint8))
        time.sleep(every)


def until(holds, timeout=5.0):
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.01)


def test_it_plans_imagines_and_compares(watch):
    frames, views, _ = watch()
    feed(frames, 2.0)
    last = views[-1]
    assert last.frame.shape == (256, 256, 3)
    assert last.prediction.chunk.actions.shape == (16, 7)
    assert last.imagination is not None
    assert 4 in last.surprises
    assert last.notice == ""
    assert last.rate_hz > 2


def test_a_slow_policy_sees_the_newest_frame(watch):
    frames, views, _ = watch(brain.planner(delay_s=0.2))
    feed(frames, 1.5, every=0.01)
    ages = [view.age_s for view in views if view.prediction]
    assert 2 <= len(ages) <= 8
    assert np.median(ages) < 0.6


def test_a_camera_that_stops_is_said_in_time_and_forgotten_when_it_goes_on(watch):
    frames, views, _ = watch()
    feed(frames, 0.5)
    stopped = time.monotonic()
    until(lambda: "stopped" in views[-1].notice)
    assert time.monotonic() - stopped < 0.6
    feed(frames, 0.3)
    until(lambda: views[-1].notice == "")


def test_a_hanging_policy_does_not_hide_a_dead_camera(watch):
    from concurrent.futures import Future

    frames, views, _ = watch(Planner(lambda observation: Future()))
    feed(frames, 0.1)
    until(lambda: views and "stopped" in views[-1].notice)


def test_a_fault_of_the_policy_is_one_line_and_the_next_frame_is_tried(watch):
    frames, views, watching = watch()
    watching.instruct("nan")
    feed(frames, 0.4)
    assert "not finite" in views[-1].notice
    watching.instruct("go")
    feed(frames, 0.4)
    assert views[-1].notice == ""
    assert views[-1].prediction is not None
