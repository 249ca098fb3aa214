"""Grids: their cells, their order, and runs that survive cancelling, faults and kill -9."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from tests.fakes.grid import SPEC, FakeExecutor
from wam_demo.errors import DataError, InvalidInputError, UnknownNameError
from wam_demo.evaluate.executors.executor import ExecutorConfig
from wam_demo.evaluate.grid.journal import JOURNAL_NAME
from wam_demo.evaluate.grid.run import GridRun, read_grid
from wam_demo.evaluate.specs.grid import Cell, GridSpec, join_policy, split_policy
from wam_demo.evaluate.specs.record import EpisodeRecord

CELLS = 2 * 2 * (1 + 3 + 3)


def finished(out, spec=SPEC, **executor):
    with GridRun(spec, out, executor=FakeExecutor(**executor)) as run:
        run.start()
        assert run.wait(30)
        return run.snapshot(), run.records()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"policies": ("agr",)}, UnknownNameError, "did you mean 'agra'"),
        ({"axes": ("none", "shov")}, UnknownNameError, "did you mean 'shove'"),
        ({"tasks": ("pick_plac",)}, UnknownNameError, "did you mean 'pick_place'"),
        ({"severities": (1, 6)}, InvalidInputError, "severity must be in 1 .. 5, got 6"),
        ({"axes": ()}, InvalidInputError, "no axes"),
        ({"episodes": 0}, InvalidInputError, "episodes must be in"),
        ({"episodes": 10_000}, InvalidInputError, "280000 episodes; at most"),
    ],
)
def test_grids_that_cannot_be_run_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        replace(SPEC, **changes).validated()


def test_cells_and_scenes():
    spec = replace(SPEC, severities=(5, 1, 3, 1)).validated()
    assert len(spec.cells()) == CELLS
    assert spec.total == 10 * CELLS
    assert spec.cells()[:4] == tuple(
        Cell("hold", "pick_place", axis, severity)
        for axis, severity in [("none", 0), ("light", 1), ("light", 3), ("light", 5)]
    )
    assert GridSpec.from_document(json.loads(json.dumps(spec.document()))) == spec
    assert split_policy(join_policy(*split_policy("agra@runs/x"))) == split_policy("agra@runs/x")
    for document in [{"policies": ["hold"], "speed": 3}, {}, {"policies": 3}]:
        with pytest.raises(InvalidInputError):
            GridSpec.from_document(document)


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_every_cell_gains_episodes_before_any_gains_many_more(batch):
    sweeps = list(SPEC.sweeps(batch))
    scenes = [(sweep.policy, scene) for sweep in sweeps for scene in sweep.scenes]
    keys = [(policy, scene.task, scene.axis, scene.severity, scene.seed) for policy, scene in scenes]
    assert len(set(keys)) == len(keys) == SPEC.total
    depth = max(Counter(key[:4] for key in keys[: len(sweeps[0].scenes)]).values())
    assert depth <= max(1, -(-4 * batch // CELLS))
    for end in range(0, len(keys), 2 * len(sweeps[0].scenes)):
        counts = Counter(key[:4] for key in keys[:end])
        assert not counts or max(counts.values()) - min(counts.get(cell.condition, 0) for cell in SPEC.cells()) <= depth


def test_the_cells_of_a_finished_grid(tmp_path):
    snapshot, records = finished(tmp_path)
    assert (snapshot.state, snapshot.done, snapshot.left_s) == ("done", SPEC.total, 0)
    for cell in snapshot.cells:
        mine = [record for record in records if record.cell == cell.cell]
        faults = sum(record.outcome == "sim_fault" for record in mine)
        assert (cell.planned, cell.finished, cell.n, cell.sim_faults) == (10, 10, 10 - faults, faults)
        assert cell.successes == sum(record.success for record in mine)
        assert cell.held <= cell.successes
        assert cell.ci95.low <= cell.rate <= cell.ci95.high
    assert any(cell.sim_faults for cell in snapshot.cells)
    assert len({record.seed for record in records}) == 10


def test_an_empty_cell_has_no_rate(tmp_path):
    with GridRun(SPEC, tmp_path, executor=FakeExecutor()) as run:
        snapshot = run.snapshot()
        assert (snapshot.state, snapshot.done) == ("ready", 0)
        assert snapshot.left_s > 1
        assert {(cell.rate, cell.ci95, cell.held_ci95) for cell in snapshot.cells} == {(None, None, None)}
        assert json.dumps([cell.document() for cell in snapshot.cells])


def test_worst_failures_come_first(tmp_path):
    with GridRun(SPEC, tmp_path, executor=FakeExecutor()) as run:
        run.start()
        run.wait()
        records = run.episodes(Cell("expert", "push", "shove", 3))
        with pytest.raises(InvalidInputError, match="no cell"):
            run.episodes(Cell("expert", "push", "shove", 2))
    kinds = [
        ("fault" if not r.counts else "held" if r.success_final else "lost" if r.success else "failed") for r in records
    ]
    assert kinds == sorted(kinds, key=["failed", "lost", "held", "fault"].index)
    distances = [record.goal_distance_m for record, kind in zip(records, kinds, strict=True) if kind == "failed"]
    assert distances == sorted(distances, reverse=True)
    assert len(distances) > 2


def test_cancelled_runs_go_on_without_redoing_or_losing_an_episode(tmp_path):
    run = GridRun(SPEC, tmp_path / "a", executor=(executor := FakeExecutor(pace_s=0.002)))
    run.start()
    while run.snapshot().done < 20:
        time.sleep(0.005)
    run.cancel()
    assert run.wait(10)
    snapshot = run.snapshot()
    assert snapshot.state == "cancelled"
    assert 20 <= snapshot.done < SPEC.total
    run.start()  # the same run can go on
    assert run.wait(30)
    run.close()
    assert executor.closed
    assert len(executor.order) == SPEC.total
    straight = finished(tmp_path / "b")[0]
    assert [cell.document() for cell in run.snapshot().cells] == [cell.document() for cell in straight.cells]


_KILLED = """
import sys
from pathlib import Path
from tests.fakes.grid import SPEC, FakeExecutor
from wam_demo.evaluate.grid.run import GridRun
run = GridRun(SPEC, Path(sys.argv[1]), executor=FakeExecutor(pace_s=0.005))
run.start()
run.wait()
"""


def test_kill_9_and_resume_give_the_same_table(tmp_path):
    out, journal = tmp_path / "killed", tmp_path / "killed" / JOURNAL_NAME
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(out)], cwd=os.getcwd())
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 15):
        time.sleep(0.01)
        assert process.poll() is None
    with pytest.raises(InvalidInputError, match="another process"):
        GridRun(SPEC, out, executor=FakeExecutor())
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = journal.read_bytes()
    kept = before.count(b"\n") - 1
    journal.write_bytes(before + b'{"policy": "hold", "task": "pi')  # as if killed within a line
    executor = FakeExecutor()
    with GridRun(SPEC, out, executor=executor) as run:
        assert run.snapshot().done == kept
        run.start()
        run.wait()
        resumed = run.snapshot()
    assert len(executor.order) == SPEC.total - kept
    assert journal.read_bytes().startswith(before)
    straight, records = finished(tmp_path / "straight")
    assert [cell.document() for cell in resumed.cells] == [cell.document() for cell in straight.cells]
    assert sorted(read_grid(out)[2], key=lambda r: r.key) == sorted(records, key=lambda r: r.key)


def test_a_grid_can_grow_but_not_change(tmp_path):
    finished(tmp_path)
    grown, _ = finished(tmp_path, replace(SPEC, episodes=12))
    assert grown.done == 12 * CELLS
    shrunk, _ = finished(tmp_path, replace(SPEC, episodes=3))
    assert {cell.finished for cell in shrunk.cells} == {3}
    with pytest.raises(InvalidInputError, match="other axes, severities: choose another folder"):
        GridRun(replace(SPEC, axes=("none", "camera"), severities=(1,)), tmp_path)


def test_other_weights_are_not_mixed_in(tmp_path, monkeypatch):
    from wam_demo.evaluate.grid import run as grid_run

    finished(tmp_path)
    monkeypatch.setattr(grid_run, "weights", lambda spec: {"hold": "ab", "expert": None})
    with pytest.raises(InvalidInputError, match="other weights of hold"):
        GridRun(SPEC, tmp_path)


@pytest.mark.parametrize(
    ("line", "content", "message"),
    [
        (0, "hello", "line 1: not the journal of a grid"),
        (0, '{"schema": "wam_demo.grid", "schema_version": 99}', "line 1"),
        (3, '{"policy": "hold"}', "line 4: not an episode"),
        (5, "[1, 2]", "line 6: not an episode"),
    ],
)
def test_a_damaged_journal_is_refused_with_its_line(tmp_path, line, content, message):
    finished(tmp_path)
    journal = tmp_path / JOURNAL_NAME
    lines = journal.read_text().splitlines()
    lines[line] = content
    journal.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=message):
        GridRun(SPEC, tmp_path)


def test_an_executor_that_fails_leaves_a_run_that_can_go_on(tmp_path):
    with GridRun(SPEC, tmp_path, executor=FakeExecutor(error=OSError(5, "no\nluck"), fail_after=9)) as run:
        run.start()
        run.wait()
        snapshot = run.snapshot()
    assert (snapshot.state, snapshot.done) == ("failed", 9)
    assert snapshot.error == "OSError: [Errno 5] no luck"
    assert finished(tmp_path)[0].state == "done"


def test_a_full_disk_stops_the_run_with_one_line_and_keeps_what_is_there(tmp_path, monkeypatch):
    with GridRun(SPEC, tmp_path, executor=FakeExecutor(pace_s=0.002)) as run:
        real = os.fsync

        def full(descriptor):
            if run.snapshot().done >= 12:
                raise OSError(28, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full)
        run.start()
        run.wait()
        monkeypatch.setattr(os, "fsync", real)
        snapshot = run.snapshot()
        assert (snapshot.state, snapshot.done) == ("failed", 12)
        assert "No space left on device" in snapshot.error
        assert len(read_grid(tmp_path)[2]) == 12
        run.start()  # there is room again
        run.wait()
        assert run.snapshot().done == len(read_grid(tmp_path)[2]) == SPEC.total


def test_a_disk_that_is_full_is_reported_before_the_first_episode(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=3 * 2**20))
    with pytest.raises(InvalidInputError, match="the disk has 3 MiB left, 16 are needed"):
        GridRun(SPEC, tmp_path / "out", executor=FakeExecutor())


def test_a_record_is_one_line_and_back():
    executor = FakeExecutor()
    executor.play(SPEC.sweeps(8), lambda record: None, lambda: len(executor.order) >= 40)
    for record in executor.order:
        assert EpisodeRecord.from_line(record.to_line()) == record
        assert record.plan().shape == (record.steps, 7)


def test_a_journal_of_version_1_is_read_and_goes_on(tmp_path):
    """Its episodes count; how far they were from done was another distance and is not known."""
    finished(tmp_path)
    journal = tmp_path / JOURNAL_NAME
    header, *lines = map(json.loads, journal.read_text().splitlines())
    old = [{**{k: v for k, v in line.items() if k != "goal_distances_m"}, "miss_m": 0.12} for line in lines[:-3]]
    journal.write_text("".join(json.dumps(line) + "\n" for line in [{**header, "schema_version": 1}, *old]))
    records = finished(tmp_path)[1]
    assert len(records) == SPEC.total
    assert sum(record.goal_distance_m is None for record in records) == SPEC.total - 3


def test_a_grid_can_stand_back_for_live_sessions(tmp_path):
    own, seen = os.getpriority(os.PRIO_PROCESS, 0), set()
    with GridRun(SPEC, tmp_path, ExecutorConfig(nice=19), executor=FakeExecutor()) as run:
        run.subscribe(lambda record: seen.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        run.start()
        run.wait()
    assert seen == {19}
    assert os.getpriority(os.PRIO_PROCESS, 0) == own
