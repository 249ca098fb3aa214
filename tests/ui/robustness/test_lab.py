"""One run at a time, others wait; runs can be cancelled, resumed, and found again after a restart."""

import threading

import pytest

from tests.fakes.filmed import until
from tests.fakes.grid import FakeExecutor
from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.grid.run import GridRun
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.ui.robustness.lab import Lab

SPEC = GridSpec(("expert", "hold"), ("push",), ("none", "light"), (1, 3), episodes=4)  # 24 episodes


class Bench:
    """Opens runs with a fake engine and notes how many play at a time."""

    def __init__(self, pace_s: float = 0.005) -> None:
        self.pace_s, self.playing, self.most = pace_s, 0, 0
        self.lock = threading.Lock()

    def __call__(self, spec, out):
        bench = self

        class Engine(FakeExecutor):
            def play(self, sweeps, on_episode, stop):
                with bench.lock:
                    bench.playing += 1
                    bench.most = max(bench.most, bench.playing)
                super().play(sweeps, on_episode, stop)
                with bench.lock:
                    bench.playing -= 1

        return GridRun(spec, out, executor=Engine(self.pace_s))


@pytest.fixture
def open_lab(tmp_path):
    labs = []

    def start(**arguments) -> Lab:
        labs.append(Lab(tmp_path / "runs", arguments.pop("bench", Bench()), **arguments))
        return labs[-1]

    yield start
    for lab in labs:
        lab.close()


def test_runs_take_turns_in_order(open_lab):
    bench = Bench()
    lab = open_lab(bench=bench)
    jobs = [lab.submit(SPEC) for _ in range(3)]
    assert [lab.position(job) for job in jobs[1:]] in ([1, 2], [2, 3])
    assert lab.wait_s() > 0
    until(lambda: jobs[2].state == "done")
    assert [job.state for job in jobs] == ["done"] * 3
    assert bench.most == 1
    assert lab.drawn(jobs[0])["cells"]


def test_a_run_that_is_being_prepared_counts_in_the_wait(open_lab):
    opened, go_on = threading.Event(), threading.Event()

    def prepare(spec, out):
        opened.set()
        go_on.wait(10)
        return Bench()(spec, out)

    lab = open_lab(bench=prepare)
    job = lab.submit(SPEC)
    assert opened.wait(10)
    waits, expected = lab.wait_s(), lab.expected_s(SPEC)
    go_on.set()
    until(lambda: job.state == "done")
    assert waits == expected > 0


def test_a_full_queue_refuses_and_goes_on(open_lab):
    lab = open_lab(bench=Bench(0.05), queue=1)
    first = lab.submit(SPEC)
    until(lambda: first.state == "running")
    lab.submit(SPEC)
    with pytest.raises(InvalidInputError, match="1 runs wait already"):
        lab.submit(SPEC)
    assert first.state == "running"


def test_cancel_loses_nothing_and_resume_finishes(open_lab):
    lab = open_lab(bench=Bench(0.03))
    job = lab.submit(SPEC)
    until(lambda: job.run is not None and len(job.run.records()) >= 3)
    lab.cancel(job)
    until(lambda: job.state == "cancelled")
    kept = job.run.records()
    assert 3 <= len(kept) < SPEC.total
    lab.resume(job)
    until(lambda: job.state == "done")
    assert job.run.records()[: len(kept)] == kept
    assert len({record.key for record in job.run.records()}) == SPEC.total


def test_what_waits_can_be_cancelled_before_it_began(open_lab):
    lab = open_lab(bench=Bench(0.03))
    first, second = lab.submit(SPEC), lab.submit(SPEC)
    lab.cancel(second)
    assert second.state == "cancelled"
    assert lab.position(second) == 0
    lab.resume(second)
    assert second.state in ("queued", "running")
    lab.cancel(first)
    until(lambda: second.state == "done")


def test_a_run_is_found_again_after_a_restart(open_lab):
    before = open_lab(bench=Bench(0.03))
    job = before.submit(SPEC)
    until(lambda: job.run is not None and len(job.run.records()) >= 3)
    before.close()
    after = open_lab()
    again = after.job(job.name)
    assert again.state == "cancelled"
    played = len(again.run.records())
    assert played >= 3
    after.resume(again)
    until(lambda: again.state == "done")
    assert len(again.run.records()) == SPEC.total


@pytest.mark.parametrize("name", [None, 3, "", "../../etc", "a" * 16, "x" * 500])
def test_an_unknown_name_is_one_line(open_lab, name):
    with pytest.raises(InvalidInputError, match="run is not"):
        open_lab().job(name)


def test_too_many_episodes_are_refused_with_the_number(open_lab):
    with pytest.raises(InvalidInputError, match="3000 episodes; at most 600"):
        open_lab().submit(GridSpec(("expert",), ("push",), ("none",), episodes=3000))


def test_a_place_that_cannot_be_written_is_told_before_the_first_episode(tmp_path):
    (tmp_path / "file").write_text("")
    lab = Lab(tmp_path / "file" / "runs", Bench())
    try:
        with pytest.raises(InvalidInputError, match="cannot write"):
            lab.submit(SPEC)
    finally:
        lab.close()


def test_old_runs_are_deleted(open_lab, tmp_path):
    lab = open_lab(bench=Bench(0.0), kept=2)
    jobs = [lab.submit(SPEC) for _ in range(4)]
    until(lambda: all(job.state == "done" for job in jobs))
    until(lambda: len(list((tmp_path / "runs").iterdir())) == 2)
    with pytest.raises(InvalidInputError, match="not kept"):
        lab.job(jobs[0].name)
    assert lab.job(jobs[3].name) is jobs[3]
