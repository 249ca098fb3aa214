"""A dream evaluation: its tables, what it resumes from, its picture, and what the command refuses."""

import json

import numpy as np
import pytest

from wam_demo.cli import main
from wam_demo.diagnose.dream_eval import Course, JudgedScene
from wam_demo.evaluate.dreamt import run as module
from wam_demo.evaluate.dreamt.document import dream_eval_document, dream_eval_lines
from wam_demo.evaluate.dreamt.picture import ends_picture
from wam_demo.evaluate.dreamt.run import DreamEvaluation
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.success import SuccessConfig

JUDGE = SuccessConfig(BackboneConfig(), policy_sha256="abc")


def scene(policy, task, seed, sim, dreamt, seen=None):
    return JudgedScene(policy, task, seed, sim, sim if seen is None else seen, dreamt, 0.9, 0.8)


def scenes():
    """A good policy, one that is worse, and one that fails; the dream flatters the last."""
    for seed in range(4):
        for task in ("push", "reach"):
            yield scene("agra", task, seed, True, True)
            yield scene("agra+noise20", task, seed, seed < 2, seed < 2, seen=seed < 3)
            yield scene("agra+open", task, seed, False, seed < 3)


def test_the_document_counts_by_policy_and_task_and_compares_rates():
    content = dream_eval_document(list(scenes()), JUDGE)
    assert content["n"] == {"push": 4, "reach": 4, "all": 8}
    assert content["policies"]["agra+noise20"]["push"] == {"n": 4, "sim": 2, "seen": 3, "dream": 2}
    agreement = content["agreement"]["all"]
    sim, dream = [1, 0.5, 0], [1, 0.5, 0.75]
    assert agreement["pearson"] == pytest.approx(np.corrcoef(sim, dream)[0, 1])
    assert agreement["mmrv"] == pytest.approx((0 + 0.5 + 0.5) / 3)
    assert agreement["judge_alone"]["mmrv"] == 0
    assert agreement["same_verdict"]["dream"] == pytest.approx(18 / 24)
    assert content["judge"] == {"policy_sha256": "abc", "threshold": 0.5}
    text = "\n".join(dream_eval_lines(content))
    assert "2 / 3 / 2" in text
    assert "0.33" in text
    json.dumps(content, allow_nan=False)


def test_a_scene_that_one_policy_did_not_play_counts_for_none():
    some = [each for each in scenes() if (each.policy, each.task, each.seed) != ("agra", "push", 3)]
    assert dream_eval_document(some, JUDGE)["n"] == {"push": 3, "reach": 4, "all": 7}


def test_what_was_played_is_not_played_again(tmp_path, monkeypatch):
    played = []

    def play(world, policy, name, weak, judge, seed):
        played.append((name, world.task, seed, weak.gain))
        if seed == 1 and name == "fake":
            return None  # diverged
        grey = {camera: np.zeros((8, 8, 3), np.uint8) for camera in ("front", "wrist")}
        course = Course(True, [0.9], True, grey)
        return scene(name, world.task, seed, True, seed == 0), course, course

    class World:
        def __init__(self, task):
            self.task = task

        def close(self):
            played.append("closed")

    monkeypatch.setattr(module, "judged_scene", play)
    monkeypatch.setattr(module, "load_policy", lambda name: name)
    monkeypatch.setattr("wam_demo.sim.world.World", World)
    names, journal = ["fake", "fake+gain60"], tmp_path / "scenes.jsonl"
    first = DreamEvaluation(names, ["reach"], [0, 1], None, journal)
    assert (first.total, first.done) == (4, 0)
    assert len(first.play()) == 3
    assert played == [("fake", "reach", 0, 1.0), ("fake+gain60", "reach", 0, 0.6), *played[2:4], "closed"]
    first.draw(tmp_path / "ends.png")
    assert (tmp_path / "ends.png").stat().st_size > 0
    played.clear()
    again = DreamEvaluation(names, ["reach"], [0, 1, 2], None, journal)
    assert again.done == 4
    assert len(again.play()) == 5
    assert [each[:3] for each in played[:-1]] == [("fake", "reach", 2), ("fake+gain60", "reach", 2)]


def test_the_picture_has_a_cell_for_every_scene():
    bright = {camera: np.full((64, 64, 3), 200, np.uint8) for camera in ("front", "wrist")}
    end = (scene("agra", "push", 1, True, False), Course(True, [1], True, bright), Course(False, [0], None, bright))
    one, four = ends_picture([end]), ends_picture([end] * 4)
    assert one.shape[1] == four.shape[1]
    assert four.shape[0] == 2 * one.shape[0]
    assert (one[:128, :128] == 200).all()


def test_the_command_refuses_in_one_line(tmp_path, capsys):
    for given, said in (
        (["--policies", "hold"], "has no weights"),
        (["--policies", "agra+noise2"], "noise20"),
        (["--resume", "--out", str(tmp_path / "none")], "--resume goes on with"),
    ):
        assert main(["dream-eval", *given]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
