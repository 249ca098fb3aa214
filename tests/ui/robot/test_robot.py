"""The sessions behind the tab "Your robot", and what they answer to a page, good questions and bad."""

import shutil
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import gradio.utils
import pytest

from tests.fakes import recordings
from tests.fakes.brain import catalogue, imagine, plan
from tests.fakes.labeller import label
from tests.fakes.waiting import eventually
from wam_demo.data.uploads.gate import READERS
from wam_demo.ui.robot.answers import EXAMPLE, responder
from wam_demo.ui.robot.tab import script
from wam_demo.ui.robot.upload_sessions import UploadSessions

PAGE = "a-page-of-its-own"


def plan_all(observations):
    return [plan(o) for o in observations]


def brain(policy):
    return plan_all, (lambda observations: [imagine(o)[0] for o in observations])


@pytest.fixture
def sessions(tmp_path):
    opened = UploadSessions(brain, root=tmp_path / "sessions", open_labeller=lambda policy: label)
    yield opened
    opened.close()
    assert not opened.root.exists()
    assert not [t for t in threading.enumerate() if t.name.startswith("recordings")]


@pytest.fixture
def ask(sessions):
    answer = responder(catalogue(), sessions)

    def question(kind, page=PAGE, **more):
        return answer({"kind": kind, "page": page, **more})

    return question


@pytest.fixture
def upload(tmp_path, monkeypatch):
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    assert Path(gradio.utils.get_upload_folder()) == folder
    return lambda path: str(shutil.copy(path, folder / path.name))


def finished(ask, stage="ready", timeout=60):
    end = time.monotonic() + timeout
    while (state := ask("state"))["stage"] not in ("ready", "failed"):
        assert time.monotonic() < end, state
        time.sleep(0.05)
    assert state["stage"] == stage, state
    return state


def test_the_example_from_opening_to_downloads(ask, sessions):
    assert EXAMPLE.is_file()
    found = ask("example")
    assert found["found"]["format"] == "lerobot"
    assert [camera["name"] for camera in found["found"]["cameras"]] == ["front", "wrist"]
    ask("open", mapping=found["mapping"], episode=0, start="", stop="2", policy="steer")
    state = finished(ask)
    assert state["steps"] == state["total"] == state["done"] == 21
    clean = ask("look", step=3, ahead=16, retouch={})
    views = ("now", "imagined.16", "attention", "error.16")
    assert set(clean["tiles"]) == {f"{view}.{camera}" for view in views for camera in ("front", "wrist")}
    assert len(clean["plan"]) == 17
    changed = ask("look", step=3, ahead=4, retouch={"light": 5, "noise": 2})
    assert changed["change"] == {"plan_m": 0.0, "gripper": 0.0, "attention": 0.0}  # this policy does not look
    curves = ask("curves", retouch={})
    assert curves["known"] == {"tool": True, "gripper": True}
    assert set(curves["scores"]["clean"]["psnr_by_step"]) == {"4", "8", "12", "16"}
    for what, name in (("dataset", "open_loop_lerobot_v3.zip"), ("table", "open_loop.csv"), ("video", "open_loop.mp4")):
        made = ask("download", what=what, retouch={})
        assert made["file"] == name
        assert Path(made["path"]).is_relative_to(sessions.root)
        assert Path(made["path"]).stat().st_size > 1000
    last = ask("look", step=20, ahead=16, retouch={})["strip"]
    assert last["errors"] == {}
    assert "recording ends" in last["absent"]["error"]
    assert "finished" in ask("download", what="video", retouch={"light": 5, "noise": 2})["error"]
    assert "run the episode" in ask("download", what="video", retouch={"crop": 1})["error"]


def test_a_run_under_a_disturbance(ask):
    found = ask("example")
    ask("open", mapping=found["mapping"], episode=0, stop=1, policy="steer")
    finished(ask)
    ask("run", retouch={"occlusion": 3})
    finished(ask)
    assert set(ask("curves", retouch={"occlusion": 3})["scores"]) == {"clean", "disturbed"}
    assert Path(ask("download", what="table", retouch={"occlusion": 3})["path"]).is_file()


def test_the_actions_of_a_recording_are_labelled(ask, upload, sessions, tmp_path):
    found = ask("inspect", path=upload(recordings.robomimic(tmp_path / "mine.hdf5")), name="mine.hdf5")
    mapping = {**found["mapping"], "align": False, "calibration": "usual", "fps": 10}
    ask("open", mapping=mapping, episode=0, policy="steer")
    finished(ask)
    assert ask("curves", retouch={})["labels"] is None
    assert ask("look", step=0, ahead=4, retouch={})["label"] == {}
    assert "label the actions first" in ask("download", what="labels")["error"]
    ask("label", policy="steer")
    assert finished(ask)["done"] == 3
    labels = ask("curves", retouch={})["labels"]
    assert labels["label_cm"] == pytest.approx({"4": 0, "8": 0, "16": 0}, abs=1e-3)
    assert [line["step"] for line in labels["paths"]] == [0, 4, 7]
    assert labels["paths"][1]["path"][0][1] == pytest.approx(0.04, abs=1e-4)
    shown = ask("look", step=4, ahead=4, retouch={})["label"]
    assert shown["front"][0][0] == [0.24, 0.5]
    assert shown["wrist"][0] == [None] * 3
    packed = ask("download", what="labels")
    assert packed["file"] == "labels.zip"
    with zipfile.ZipFile(packed["path"]) as archive:
        names = set(archive.namelist())
    assert {"labels/labels.parquet", "labels/labels.mp4", "labels/dataset/meta/info.json"} <= names
    ask("open", mapping=mapping, episode=1, policy="steer")
    finished(ask)
    assert ask("curves", retouch={})["labels"] is None  # of the other episode


def test_a_plain_video_is_labelled_in_its_pictures(ask, upload, tmp_path):
    found = ask("inspect", path=upload(recordings.video(tmp_path / "film.mp4")), name="film.mp4")
    ask("open", mapping=found["mapping"], episode=0, policy="steer")
    finished(ask)
    ask("label", policy="steer")
    finished(ask)
    labels = ask("curves", retouch={})["labels"]
    assert (labels["calibrated"], labels["label_cm"], labels["paths"]) == (False, None, [])
    assert labels["gripper_agreement"] is None
    assert labels["seen"]["front"] == 1
    with zipfile.ZipFile(ask("download", what="labels")["path"]) as archive:
        assert set(archive.namelist()) == {"labels/labels.parquet", "labels/labels.mp4"}


def test_labels_ask_for_a_policy_that_can_and_for_a_clip_that_is_long_enough(ask):
    found = ask("example")
    ask("open", mapping=found["mapping"], episode=0, stop=1, policy="steer")
    finished(ask)
    assert "unknown policy 'hold'" in ask("label", policy="hold")["error"]
    assert "a label needs 1.6 s" in ask("label", policy="steer")["error"]
    assert ask("state")["stage"] == "ready"


def test_the_page_offers_labels_only_where_a_policy_can():
    chosen = catalogue()
    assert '"labellers": [{"name": "steer", "label": "Steer"}]' in script(chosen)
    assert '"labellers": []' in script(replace(chosen, policies={"hold": chosen.policies["hold"]}))


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("text", "a question is an object"),
        ({"kind": "opne"}, "did you mean 'open'"),
        ({"kind": ["state"]}, "unknown question"),
        ({"kind": {}}, "unknown question"),
        ({"kind": "state", "page": 3}, "reload"),
        ({"kind": "state", "page": "x" * 65}, "reload"),
        ({"kind": "open", "page": PAGE}, "upload a recording first"),
        ({"kind": "run", "page": PAGE, "retouch": {}}, "no episode is open"),
        ({"kind": "label", "page": PAGE, "policy": "steer"}, "no episode is open"),
        ({"kind": "look", "page": PAGE, "step": 0, "ahead": 4}, "no episode is open"),
        ({"kind": "look", "page": PAGE, "step": 0, "ahead": 5}, "not a step ahead"),
        ({"kind": "look", "page": PAGE, "step": float("nan"), "ahead": 4}, "must be a whole number"),
        ({"kind": "look", "page": PAGE, "step": 0, "ahead": 4, "retouch": {"noise": 99}}, "0 .. 5"),
        ({"kind": "look", "page": PAGE, "step": 0, "ahead": 4, "retouch": {"fog": 1}}, "not one of noise"),
        ({"kind": "inspect", "page": PAGE, "path": "/etc/passwd"}, "did not arrive"),
        ({"kind": "inspect", "page": PAGE, "path": None}, "did not arrive"),
        ({"kind": "inspect", "page": PAGE, "path": "/tmp/a\x00b"}, "did not arrive"),
        ({"kind": "look", "page": PAGE, "step": 10**400, "ahead": 4}, "must be a whole number"),
        ({"kind": "hub", "page": PAGE, "repository": "https://example.org/a/b"}, "no repo id"),
        ({"kind": "download", "page": PAGE, "what": "video"}, "run the episode"),
    ],
)
def test_bad_questions_are_one_line(sessions, question, message):
    answer = responder(catalogue(), sessions)(question)
    assert message in answer["error"]
    assert "\n" not in answer["error"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"policy": "expert"}, "unknown policy"),
        ({"episode": 7}, "episode 7 does not exist"),
        ({"start": "many"}, "start must be seconds"),
        ({"start": 2, "stop": 1}, "is empty"),
        ({"start": 99, "stop": 100}, "it cannot start at 99 s"),
        ({"mapping": {"front": "frnt"}}, "did you mean 'front'"),
        ({"mapping": {"instruction": ""}}, "instruction"),
        ({"mapping": 3}, "mapping is missing"),
    ],
)
def test_what_cannot_be_opened_is_one_line_and_the_next_one_opens(ask, changes, message):
    found = ask("example")
    request = {"mapping": found["mapping"], "episode": 0, "stop": 0.5, "policy": "hold"}
    answer = ask("open", **{**request, **changes})
    fault = answer.get("error") or (finished(ask, "failed") and ask("state")["fault"])
    assert message in fault
    assert ask("open", **request).get("error") is None
    assert finished(ask)["steps"] == 6


def test_a_bad_upload_leaves_what_was_there(ask, upload, tmp_path):
    ask("example")
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"#EXTM3U\n")
    assert "playlist" in ask("inspect", path=upload(bad), name="bad.mp4")["error"]
    assert ask("state")["stage"] == "found"
    good = ask("inspect", path=upload(recordings.gif(tmp_path / "good.mp4")), name="good.mp4")
    assert good["found"]["format"] == "gif"


def test_sessions_are_bounded_separate_and_forgotten(tmp_path):
    sessions = UploadSessions(brain, capacity=2, idle_s=0.4, root=tmp_path / "sessions")
    answer = responder(catalogue(), sessions)
    for page in ("first-page", "second-page"):
        assert answer({"kind": "state", "page": page})["stage"] == "empty"
    assert "places for recordings are taken" in answer({"kind": "state", "page": "third-page"})["error"]
    end = time.monotonic() + 10
    while (sessions.sessions or any(sessions.root.iterdir())) and time.monotonic() < end:
        time.sleep(0.05)
    assert sessions.sessions == 0
    assert not any(sessions.root.iterdir())
    assert answer({"kind": "state", "page": "third-page"})["stage"] == "empty"
    sessions.close()


def test_a_new_opening_stops_the_one_before(tmp_path):
    gate = threading.Event()

    def slow(observations):
        gate.wait(10)
        return plan_all(observations)

    sessions = UploadSessions(lambda policy: (slow, None), root=tmp_path / "sessions")
    answer = responder(catalogue(), sessions)

    def ask(kind, **more):
        return answer({"kind": kind, "page": PAGE, **more})

    found = ask("example")
    request = {"mapping": found["mapping"], "episode": 0, "policy": "steer"}
    ask("open", **request)
    while ask("state")["stage"] != "running":
        time.sleep(0.02)
    ask("open", **request, stop=0.4)
    gate.set()
    assert finished(ask)["total"] == 5
    sessions.close()


def test_a_policy_that_fails_is_one_line(tmp_path):
    def broken(observations):
        raise RuntimeError("secret\ndetails")

    sessions = UploadSessions(lambda policy: (broken, None), root=tmp_path / "sessions")
    answer = responder(catalogue(), sessions)
    found = answer({"kind": "example", "page": PAGE})
    answer({"kind": "open", "page": PAGE, "mapping": found["mapping"], "episode": 0, "policy": "steer"})

    def ask(kind):
        return answer({"kind": kind, "page": PAGE})

    assert finished(ask, "failed")["fault"] == "the work on it failed: RuntimeError"
    sessions.close()


def test_the_script_names_the_choices_of_this_machine():
    text = script(catalogue())
    assert '"name": "steer"' in text
    assert "const MARKUP" in text
    assert text.count("const CONFIG") == 1


def test_a_page_that_waits_for_its_turn_sees_its_place(ask):
    answers = []
    with READERS.turn("one visitor"), READERS.turn("another"):
        waiting = threading.Thread(target=lambda: answers.append(ask("example")))
        waiting.start()
        eventually(lambda: ask("state")["place"] == 1)
        assert answers == []
    waiting.join()
    assert answers[0]["found"]["format"] == "lerobot"
    assert ask("state")["place"] == 0


def test_a_path_with_a_nul_is_no_upload(ask):
    assert "did not arrive" in ask("inspect", path="/tmp/a\0b")["error"]
