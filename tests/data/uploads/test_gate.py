"""Turns to read recordings: a few at a time, one to a visitor, in order; waiting is not counted as being slow."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.fakes import recordings
from tests.fakes.waiting import eventually
from wam_demo.data.uploads.contracts import CameraMapping
from wam_demo.data.uploads.gate import ReaderGate
from wam_demo.data.uploads.process import EpisodeStream, Selection, describe
from wam_demo.data.uploads.reader_process import ReaderLimits, ReaderProcess
from wam_demo.errors import InvalidInputError


class Crowd:
    """Threads that take turns at a gate and stay inside until they are let go."""

    def __init__(self, gate):
        self.gate, self.inside, self.most = gate, [], 0
        self.leave = {}
        self.threads = []

    def come(self, visitor):
        before = self.gate.position(visitor), len(self.inside)
        self.leave[visitor] = threading.Event()
        self.threads.append(threading.Thread(target=self._stay, args=[visitor]))
        self.threads[-1].start()
        eventually(lambda: (self.gate.position(visitor), len(self.inside)) != before)

    def _stay(self, visitor):
        with self.gate.turn(visitor):
            self.inside.append(visitor)
            assert self.leave[visitor].wait(30)
            self.inside.remove(visitor)

    def go(self, visitor):
        self.leave[visitor].set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for event in self.leave.values():
            event.set()
        for thread in self.threads:
            thread.join()


def reader_children():
    """Children of this process that read uploads; other tests leave helpers of multiprocessing behind."""
    return [child for child in psutil.Process().children() if _reads(child)]


def _reads(child):
    try:
        return "wam_demo.data.uploads.child" in child.cmdline()
    except psutil.Error:  # it has just ended
        return False


def test_a_few_at_a_time_in_the_order_of_asking():
    with Crowd(ReaderGate(places=2)) as crowd:
        for visitor in "abcd":
            crowd.come(visitor)
        assert crowd.inside == ["a", "b"]
        assert [crowd.gate.position(visitor) for visitor in "abcde"] == [0, 0, 1, 2, 0]
        crowd.go("b")
        eventually(lambda: crowd.inside == ["a", "c"])
        assert crowd.gate.position("d") == 1


def test_a_visitor_holds_one_turn_and_others_pass_by():
    with Crowd(ReaderGate(places=2)) as crowd:
        crowd.come("greedy")
        again = threading.Thread(target=lambda: crowd.gate.turn("greedy").__enter__(), daemon=True)
        again.start()
        eventually(lambda: crowd.gate.position("greedy") == 1)
        crowd.come("patient")
        assert crowd.inside == ["greedy", "patient"]
        assert crowd.gate.position("greedy") == 1


def test_too_many_who_wait_are_told_so():
    with Crowd(ReaderGate(places=1, waiting=2)) as crowd:
        for visitor in "abc":
            crowd.come(visitor)
        with pytest.raises(InvalidInputError, match="2 recordings wait to be read"), crowd.gate.turn("d"):
            pass
    with Crowd(ReaderGate(places=1, wait_s=0.0)) as crowd:
        crowd.come("a")
        with pytest.raises(InvalidInputError, match="no turn to read the recording came"), crowd.gate.turn("b"):
            pass


def test_a_turn_is_given_back_when_the_child_cannot_be_started(tmp_path, monkeypatch):
    from wam_demo.data.uploads import reader_process

    def fail(*_, **__):
        raise OSError("no more processes")

    gate = ReaderGate(places=1, wait_s=0.0)
    monkeypatch.setattr(reader_process.subprocess, "Popen", fail)
    with pytest.raises(OSError, match="no more"):
        ReaderProcess({"path": tmp_path}, 8, ReaderLimits(), gate=gate)
    with gate.turn("next"):
        pass


def test_whoever_waits_for_a_turn_is_not_slow(tmp_path):
    """The reader's patience begins with its turn: it is shorter here than the wait before it."""
    gate, answers = ReaderGate(places=1), []
    request = {"action": "describe", "path": recordings.gif(tmp_path / "a.gif")}

    def read():
        with ReaderProcess(request, 20, ReaderLimits(silence_s=60.0), "later", gate) as child:
            answers.append(child.message())

    with gate.turn("first"):
        thread = threading.Thread(target=read)
        thread.start()
        eventually(lambda: gate.position("later") == 1)
        assert reader_children() == []
    thread.join()
    assert answers[0]["description"]["format"] == "gif"


def test_parallel_readers_run_two_children_at_most_and_all_are_answered(tmp_path):
    path, done, most = recordings.gif(tmp_path / "a.gif"), threading.Event(), 0

    def watch():
        nonlocal most
        while not done.wait(0.01):
            most = max(most, len(reader_children()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda visitor: describe(path, f"page {visitor}"), range(6)))
    done.set()
    watcher.join()
    assert [description.format for description in found] == ["gif"] * 6
    assert 1 <= most <= 2


def test_a_reader_lets_live_views_go_first(tmp_path):
    with EpisodeStream(recordings.video(tmp_path / "a.mp4"), Selection([CameraMapping("video")])):
        (child,) = reader_children()
        assert child.nice() >= 10
