"""A policy that watches a camera: latest frame wins, faults become one line, nothing is left behind."""

import threading
from concurrent.futures import Future

import numpy as np
import pytest

from tests.fakes import brain
from tests.fakes.clock import ManualClock
from tests.fakes.waiting import eventually
from wam_demo.limits import CAMERA_FRAME_AGE_S
from wam_demo.robots.camera import CameraSource, FrameBox
from wam_demo.runtime import Planner
from wam_demo.runtime.watching import Watching


class Watched:
    """A watching policy, its camera and what it shows; the camera's time passes by hand."""

    def __init__(self, planner: Planner) -> None:
        self.clock = ManualClock()
        self.frames = FrameBox(self.clock.now)
        self.source = CameraSource({"front": self.frames}, np.zeros(17, np.float32), "go", self.clock.now)
        self.views = []
        self.watch(planner, self.views.append)
        self._rng = np.random.default_rng(0)

    def watch(self, planner: Planner, show) -> None:
        self.watching = Watching(self.source, planner, show, self.clock.now)

    def put(self) -> None:
        self.frames.put(self._rng.integers(0, 255, (240, 320, 3), np.uint8))

    def look(self, count: int = 1, every: float = 0.1) -> None:
        """Frames one after the other, each answered before the next comes."""
        for _ in range(count):
            self.clock.pass_time(every)
            self.put()
            self.watching.look()

    @property
    def last(self):
        return self.views[-1]


def steady() -> Planner:
    def imagine(seen, chunk) -> Future:
        future: Future = Future()
        future.set_result(brain.imagine(seen))
        return future

    return Planner(brain.at_once, imagine)


def test_it_plans_imagines_and_compares():
    watched = Watched(steady())
    watched.look(12)
    last = watched.last
    assert (last.number, last.notice) == (12, "")
    assert last.frame.shape == (256, 256, 3)
    assert last.prediction.chunk.actions.shape == (16, 7)
    assert last.imagination is not None
    assert 4 in last.prediction_errors
    assert last.rate_hz == pytest.approx(10)
    assert last.step == 12


def test_a_slow_policy_sees_the_newest_frame():
    watched = Watched(steady())

    def slowly(seen):
        watched.clock.pass_time(0.2)
        for _ in range(5):
            watched.put()  # they come while it thinks
        return brain.at_once(seen)

    watched.watch(Planner(slowly), watched.views.append)
    watched.look(3)
    assert watched.frames.wait_for(0, 0).number == 18
    assert [round(view.age_s, 3) for view in watched.views] == [0.2, 0.2, 0.2]


def test_a_camera_that_stops_is_said_in_time_and_forgotten_when_it_goes_on():
    watched = Watched(steady())
    watched.look(3)
    watched.clock.pass_time(0.9 * CAMERA_FRAME_AGE_S)
    watched.watching.look()
    assert "stopped" in watched.last.notice
    assert watched.last.rate_hz == 0
    watched.look()
    assert watched.last.notice == ""


def test_a_hanging_policy_does_not_hide_a_dead_camera_nor_keep_a_closed_stream():
    watched = Watched(steady())

    def hang(seen) -> Future:
        watched.clock.pass_time(1.0)
        return Future()

    def show(view) -> None:
        watched.views.append(view)
        watched.watching.close()

    watched.watch(Planner(hang), show)
    watched.look()
    assert ["stopped" in view.notice for view in watched.views] == [True]


def test_a_fault_of_the_policy_is_one_line_and_the_next_frame_is_tried():
    watched = Watched(steady())
    watched.watching.instruct("nan")
    watched.look(2)
    assert "not finite" in watched.last.notice
    assert watched.last.prediction is None
    watched.watching.instruct("go")
    watched.look()
    assert watched.last.notice == ""
    assert watched.last.prediction is not None


def test_its_thread_ends_with_it():
    frames, views = FrameBox(), []
    source = CameraSource({"front": frames}, np.zeros(17, np.float32), "go")
    watching = Watching(source, brain.planner(), views.append)
    watching.start()
    frames.put(np.zeros((240, 320, 3), np.uint8))
    eventually(lambda: views and views[-1].prediction is not None)
    watching.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "watching"]
