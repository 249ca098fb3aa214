"""What the tab answers to a page, and that every bad question is one line."""

import base64
import csv
import io
import json

import pytest

from tests.fakes.filmed import catalogue, open_filmed, until
from wam_demo.ui.robustness.lab import Lab
from wam_demo.ui.robustness.tab import responder, script

GRID = {
    "policies": ["expert", "hold"], "tasks": ["push"], "axes": ["none", "light"], "severities": [3, 5],
    "episodes": 4, "seed": 0,
}  # fmt: skip


@pytest.fixture
def answer(tmp_path):
    lab = Lab(tmp_path / "runs", open_filmed())
    yield responder(catalogue(), lab)
    lab.close()


def finished(answer, grid=GRID) -> dict:
    name = answer({"kind": "start", "grid": grid})["name"]
    until(lambda: answer({"kind": "look", "name": name})["state"] == "done")
    return answer({"kind": "look", "name": name})


def test_an_estimate_before_the_start(answer):
    found = answer({"kind": "estimate", "grid": GRID})
    assert found["episodes"] == 2 * 3 * 4
    assert found["seconds"] > 0
    assert found["wait_s"] == 0


def test_a_run_is_watched_to_its_end(answer):
    run = finished(answer)
    assert (run["done"], run["total"]) == (24, 24)
    assert run["grid"]["policies"] == ("expert", "hold")
    assert json.loads(json.dumps(run, allow_nan=False))["cells"]
    again = answer({"kind": "look", "name": run["name"], "have": 24})
    assert "cells" not in again


def test_worst_failures_come_first_with_what_the_other_policy_did(answer):
    run = finished(answer)
    cell = {"policy": "expert", "task": "push", "axis": "light", "severity": 3}
    episodes = answer({"kind": "episodes", "name": run["name"], **cell})["episodes"]
    assert [e["success"] for e in episodes] == sorted(e["success"] for e in episodes)
    distances = [e["goal_distance_m"] for e in episodes if not e["success"]]
    assert distances == sorted(distances, reverse=True)
    assert [o["policy"] for o in episodes[0]["others"]] == ["hold"]
    assert episodes[0]["others"][0]["seed"] == episodes[0]["seed"]
    clip = answer({"kind": "video", "name": run["name"], **cell, "seed": episodes[0]["seed"]})["video"]
    assert base64.b64decode(clip)[4:8] == b"ftyp"


def test_downloads(answer, monkeypatch):
    monkeypatch.setattr("wam_demo.ui.robustness.download.VIDEOS_PER_POLICY", 0)
    run = finished(answer)

    def fetch(form):
        return answer({"kind": "download", "name": run["name"], "format": form})

    rows = list(csv.DictReader(io.StringIO(base64.b64decode(fetch("csv")["content"]).decode())))
    assert len(rows) == 24
    assert {row["policy"] for row in rows} == {"expert", "hold"}
    assert "episodes" in json.loads(base64.b64decode(fetch("json")["content"]))
    report = fetch("html")
    assert report["file"].endswith(".html")
    assert b"<html" in base64.b64decode(report["content"])[:200]


def bad(**changes) -> dict:
    return {"kind": "start", "grid": {**GRID, **changes}}


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("start", "a question is an object"),
        ({"kind": "start"}, "no grid"),
        (bad(policies=[]), "at least one policy"),
        (bad(policies=["exprt"]), "did you mean 'expert'"),
        (bad(policies=["hold@/etc"]), "unknown policy"),
        (bad(policies="hold"), "must be a list"),
        (bad(axes=["lihgt"]), "did you mean 'light'"),
        (bad(axes=["light"] * 1000), "at most 18"),
        (bad(tasks=["push", 3]), "unknown task"),
        (bad(severities=[]), "no severities"),
        (bad(severities=[9]), "from 1 to 5"),
        (bad(episodes=float("nan")), "whole number"),
        (bad(episodes=2.5), "whole number"),
        (bad(episodes=None), "got nothing"),
        (bad(episodes=10**9), "from 1 to 600"),
        (bad(episodes=300), "at most 600"),
        (bad(seed=50), "from 0 to 49"),
        ({"kind": ["look"]}, "unknown question"),
        ({"kind": "look", "name": "nobody-knows"}, "not kept"),
        ({"kind": "video", "name": None}, "not known"),
    ],
)
def test_a_bad_question_is_one_line(answer, question, text):
    error = answer(question)["error"]
    assert text in error
    assert "\n" not in error


def test_questions_about_a_run_are_checked_too(answer):
    run = finished(answer)
    cell = {"policy": "expert", "task": "push", "axis": "light", "severity": 3}
    for question in (
        {"kind": "video", **cell, "seed": -1},
        {"kind": "video", **cell, "policy": ["x"], "seed": 0},
        {"kind": "download", "format": "exe"},
    ):
        assert "\n" not in answer({**question, "name": run["name"]})["error"]
    assert answer({"kind": "episodes", "name": run["name"], "policy": "nobody"})["episodes"] == []


def test_the_nominal_scene_alone_needs_no_severity(answer):
    assert finished(answer, {**GRID, "axes": ["none"], "severities": []})["total"] == 8


def test_the_script_opens_with_a_usual_choice():
    text = script(catalogue())
    assert '"usual": {"policies": ["expert"]' in text
    assert '"tasks": ["push"]' in text
