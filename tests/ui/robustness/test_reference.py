"""The shipped grid: unpacked once, shown first, never thrown away, and left out where it does not fit."""

import json
import lzma

import cv2
import pytest

from tests.fakes.filmed import catalogue, open_filmed
from tests.fakes.grid import SPEC, FakeExecutor
from tests.fakes.waiting import eventually
from wam_demo.config import REFERENCE, SEVERITIES
from wam_demo.evaluate.grid.journal import JOURNAL_NAME
from wam_demo.evaluate.grid.run import GridRun, read_grid
from wam_demo.ui.robustness.lab import Lab
from wam_demo.ui.robustness.reference import REFERENCE_NAME, unpack_reference
from wam_demo.ui.robustness.tab import responder
from wam_demo.ui.shared.axes import AXES_IN_WORDS


@pytest.fixture
def packed(tmp_path):
    with GridRun(SPEC, tmp_path / "made", executor=FakeExecutor()) as run:
        run.start()
        run.wait()
    path = tmp_path / "reference.jsonl.xz"
    path.write_bytes(lzma.compress((tmp_path / "made" / JOURNAL_NAME).read_bytes()))
    return path


def open_lab(tmp_path, packed) -> Lab:
    return Lab(tmp_path / "runs", open_filmed(), kept=1, reference=packed)


def test_it_is_whole_with_its_command_and_can_be_looked_into(tmp_path, packed):
    lab = open_lab(tmp_path, packed)
    answer = responder(catalogue(), lab)
    run = answer({"kind": "look", "name": lab.reference})
    assert (run["state"], run["done"], run["reference"]) == ("done", SPEC.total, True)
    assert run["command"].startswith("python -m wam_demo eval --policy")
    axis = next(axis for axis in SPEC.axes if axis != "none")
    cell = {"policy": SPEC.policies[0], "task": SPEC.tasks[0], "axis": axis, "severity": SPEC.severities[0]}
    assert len(answer({"kind": "episodes", "name": lab.reference, **cell})["episodes"]) == SPEC.episodes
    assert answer({"kind": "cancel", "name": lab.reference})["state"] == "done"
    lab.close()


def test_it_outlives_the_runs_of_visitors(tmp_path, packed):
    lab = open_lab(tmp_path, packed)
    answer = responder(catalogue(), lab)
    grid = {"policies": ["hold"], "tasks": ["push"], "axes": ["none"], "severities": [], "episodes": 1, "seed": 0}
    for _ in range(3):
        name = answer({"kind": "start", "grid": grid})["name"]
        eventually(lambda name=name: answer({"kind": "look", "name": name})["state"] == "done", timeout=60)
    lab.close()
    assert (tmp_path / "runs" / REFERENCE_NAME / JOURNAL_NAME).is_file()


def test_one_of_other_weights_is_left_out(tmp_path, packed):
    header, *episodes = lzma.decompress(packed.read_bytes()).decode().splitlines()
    other = {**json.loads(header), "weights": dict.fromkeys(SPEC.policies, "0" * 64)}
    packed.write_bytes(lzma.compress("\n".join([json.dumps(other), *episodes, ""]).encode()))
    lab = open_lab(tmp_path, packed)
    assert lab.reference is None
    lab.close()


def test_a_newer_one_replaces_what_was_unpacked(tmp_path, packed):
    runs = tmp_path / "runs"
    assert unpack_reference(runs, packed)
    journal = runs / REFERENCE_NAME / JOURNAL_NAME
    lines = journal.read_bytes().splitlines(keepends=True)
    packed.write_bytes(lzma.compress(b"".join(lines[:3])))
    assert unpack_reference(runs, packed)
    assert journal.read_bytes() == b"".join(lines[:3])


@pytest.mark.parametrize("content", [None, b"not xz"])
def test_without_a_usable_file_there_is_none(tmp_path, content):
    path = tmp_path / "reference.jsonl.xz"
    if content is not None:
        path.write_bytes(content)
    lab = open_lab(tmp_path, path)
    assert lab.reference is None
    lab.close()


def test_the_shipped_one_has_every_axis_and_the_shipped_policies(tmp_path):
    folder = tmp_path / "grid"
    folder.mkdir()
    (folder / JOURNAL_NAME).write_bytes(lzma.decompress(REFERENCE.read_bytes()))
    spec, _, records = read_grid(folder)
    assert set(spec.axes) <= {"none", *AXES_IN_WORDS}
    assert len(spec.axes) > 12
    assert spec.policies == ("agra", "wam")
    assert len(records) == spec.total
    assert REFERENCE.stat().st_size < 1_000_000


def test_the_picture_has_a_row_for_every_axis():
    from wam_demo.sim.perturb import AXES

    assert list(AXES_IN_WORDS) == list(AXES)
    height, width = cv2.imread(str(SEVERITIES)).shape[:2]
    assert (width, height) == (5 * 128, len(AXES) * 128)
