"""Trials on an arm: blinded order, a journal like any other, resumed, and stopped by the gate."""

import csv
from concurrent.futures import Future

import numpy as np
import pytest

from tests.fakes.arm import Gantry, Workbench
from wam_demo.errors import SourceFault
from wam_demo.evaluate.grid.journal import read_journal
from wam_demo.evaluate.grid.trials import NOTES, Trials, Verdict
from wam_demo.evaluate.report.write import write_report
from wam_demo.evaluate.specs.grid import GridSpec
from wam_demo.runtime import Planner
from wam_demo.types import ActionChunk, Prediction

SPEC = GridSpec(("wam", "agra"), ("pick_place",), episodes=4)


class Scene(Gantry):
    """A gantry whose task is done 3 cm ahead."""

    def reset(self, seed):
        self.positions = self.limits.home.copy()

    def report(self):
        distance = max(0.0, 0.03 - self.positions[0])
        return {"instruction": "move", "success": distance == 0.0, "goal_distance": distance, "fault": None}

    def inject(self, fault, on):
        raise ValueError(fault)


def ahead(policy, source):
    """A policy that moves forward; ``wam`` stands still."""
    chunk = np.zeros((16, 7), np.float32)
    chunk[:, 0] = 0.02 if policy == "agra" else 0.0

    def submit(observation):
        future = Future()
        future.set_result(Prediction(ActionChunk(chunk)))
        return future

    return Planner(submit)


@pytest.fixture
def bench():
    return Workbench(Scene())


def test_the_order_is_drawn_by_the_seed_and_every_policy_does_every_scene(bench, tmp_path):
    with Trials(bench.source(), SPEC, tmp_path, ahead) as trials:
        order = list(trials.order())
    wanted = {(policy, seed) for policy in SPEC.policies for seed in SPEC.seeds()}
    assert {(trial.policy, trial.seed) for trial in order} == wanted
    assert len(order) == len(wanted)
    firsts = {trial.policy for trial in order[::2]}
    assert firsts == {"wam", "agra"}


def test_trials_go_to_the_journal_and_into_the_report(bench, tmp_path):
    source = bench.source()
    with Trials(source, SPEC, tmp_path, ahead) as trials:
        for trial in list(trials.order())[:4]:
            trials.play(trial, Verdict)
    _, records = read_journal(tmp_path / "journal.jsonl")
    assert {record.policy: record.success for record in records} == {"agra": True, "wam": False}
    with Trials(source, SPEC, tmp_path, ahead) as trials:
        assert len(list(trials.order())) == 4
    assert "agra" in write_report(tmp_path, videos=0).html.read_text()


def test_a_person_ends_a_trial_and_what_they_note_is_kept(bench, tmp_path):
    with Trials(bench.source(), SPEC, tmp_path, ahead) as trials:
        trial = next(iter(trials.order()))
        record = trials.play(trial, lambda success: Verdict(True, "slipped, then held"), interrupt=lambda: True)
    assert record.success
    assert record.steps == 1
    row = next(iter(csv.DictReader((tmp_path / NOTES).open())))
    assert (row["note"], row["policy"]) == ("slipped, then held", trial.policy)


def test_a_trial_that_the_gate_stops_counts_neither_way(bench, tmp_path):
    def stop():
        bench.arm.stop()
        return False

    with Trials(bench.source(), SPEC, tmp_path, ahead) as trials:
        record = trials.play(next(iter(trials.order())), Verdict, interrupt=stop)
        assert (record.outcome, record.counts) == ("sim_fault", False)
        assert "STOP" in (record.fault or "")
        with pytest.raises(SourceFault):
            trials.play(next(iter(trials.order())), Verdict)
