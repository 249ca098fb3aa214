"""What a page asks of the Data tab: good questions, bad ones, and names that lead nowhere."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.brain import STEER, catalogue, imagine, plan
from tests.fakes.shelf import shelf
from tests.fakes.waiting import eventually
from wam_demo.data.lerobot import Dataset
from wam_demo.ui.data.folders import RecordingFolders
from wam_demo.ui.data.tab import responder
from wam_demo.ui.robot.upload_sessions import UploadSessions

PAGE = "a-page-of-its-own"


def brain(policy):
    return (lambda observations: [plan(o) for o in observations]), (
        lambda observations: [imagine(o)[0] for o in observations]
    )


@pytest.fixture
def root(tmp_path):
    return shelf(tmp_path / "recordings/ruby")


@pytest.fixture
def ask(tmp_path, root):
    chosen = catalogue()
    chosen = replace(chosen, policies={**chosen.policies, "steer": replace(STEER, weights=Path("steer"))})
    sessions = UploadSessions(brain, root=tmp_path / "sessions")
    answer = responder(chosen, RecordingFolders(root.parent, public=False), sessions, None)
    yield lambda kind, **question: answer({"kind": kind, "page": PAGE, **question})
    sessions.close()


def test_open_edit_undo_save_and_take_along(ask, root):
    (listed,) = ask("sets")["sets"]
    assert (listed["name"], listed["episodes"]) == ("ruby", 3)
    opened = ask("open", name="ruby")
    assert opened["stamp"] == listed["stamp"]
    assert [e["success"] for e in opened["episodes"]] == [True, True, False]
    assert len(ask("pictures", episodes=[0, 1])["tiles"]) == 4
    ask("edit", edit="trim", episodes=[1], start=18, stop=24)
    ask("edit", edit="label", episodes=[0, 2], instruction="rise", success=True)
    assert ask("edit", edit="delete", episodes=[0])["changes"] == 3
    assert len(ask("undo")["episodes"]) == 3
    saved = ask("save", **{"as": "ruby"})
    assert (saved["changes"], [e["frames"] for e in saved["episodes"]]) == (0, [30, 6, 28])
    with zipfile.ZipFile(ask("pack", name="ruby")["path"]) as archive:
        assert "ruby/meta/info.json" in archive.namelist()
    assert ask("save", **{"as": "copy"})["name"] == "copy"
    assert [each["name"] for each in ask("remove", name="ruby")["sets"]] == ["copy"]
    assert not root.exists()


def test_an_episode_is_played_as_far_as_it_is_kept(ask):
    ask("open", name="ruby")
    ask("edit", edit="trim", episodes=[0], start=10, stop=25)
    ask("play", number=0, policy="steer")
    eventually(lambda: ask("state")["stage"] in ("ready", "failed"), 60)
    assert ask("state")["steps"] == 15
    shown = ask("look", step=3, ahead=8, retouch={})
    assert {"now.front", "imagined.8.front", "attention.front"} <= set(shown["tiles"])
    assert ask("curves", retouch={})["path"][1][0] == pytest.approx(0.004)


@pytest.mark.parametrize(
    ("kind", "question", "words"),
    [
        ("open", {"name": "../secrets"}, "dataset"),
        ("open", {"name": "rubi"}, "ruby"),
        ("edit", {"edit": "delete", "episodes": [0]}, "no dataset is open"),
        ("edit", {"edit": "shred"}, "no dataset is open"),
        ("sets", {"page": "?"}, "did not say who it is"),
        ("publish", {"name": "ruby", "repository": "a/b"}, "publishes nothing"),
        ("teach", {"name": "ruby"}, "teaches nobody"),
    ],
)
def test_bad_questions_are_one_line(ask, kind, question, words):
    assert words in ask(kind, **question)["error"]


def test_bad_edits_change_nothing(ask, root):
    ask("open", name="ruby")
    for question, words in (
        ({"edit": "delete", "episodes": [0, 1, 2]}, "at least one episode"),
        ({"edit": "delete", "episodes": []}, "choose at least one"),
        ({"edit": "trim", "episodes": [0], "start": 9, "stop": 9}, "not empty"),
        ({"edit": "trim", "episodes": [7], "start": 0, "stop": 9}, "no episode 7"),
        ({"edit": "label", "episodes": [0], "instruction": " "}, "1 .. 500"),
        ({"edit": "label", "episodes": ["0"], "success": True}, "whole number"),
    ):
        assert words in ask("edit", **question)["error"]
    assert "small letters" in ask("save", **{"as": "../x"})["error"]
    assert Dataset(root).num_frames == 82
