"""The commands `inspect` and `openloop`."""

import csv
import json

import numpy as np
import pytest

from tests.fakes.gated_family import GATED
from wam_demo.cli import main
from wam_demo.config import EXAMPLES

EXAMPLE = EXAMPLES / "pick_place.zip"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def read(folder):
    return json.loads((folder / "results.json").read_text())


def test_inspect_says_what_the_example_holds(run, tmp_path):
    code, out, _ = run("inspect", EXAMPLE, "--out", "found")
    assert code == 0
    assert "lerobot" in out
    document = read(tmp_path / "found")
    assert document["schema"] == "wam_demo.inspect"
    assert {k: document[k] for k in ("format", "cameras", "fps", "frames", "state_dim", "action_dim", "episodes")} == {
        "format": "lerobot", "cameras": ["front", "wrist"], "fps": 10, "frames": 38, "state_dim": 17, "action_dim": 7,
        "episodes": 1,
    }  # fmt: skip


def test_openloop_compares_a_policy_with_what_was_done(run, tmp_path):
    code, out, _ = run("openloop", EXAMPLE, "--policy", "hold", "--out", "compared", "--stop", 2.5)
    assert code == 0
    assert "TCP error cm" in out
    document = read(tmp_path / "compared")
    assert (document["frames"], document["steps"], document["policy"]) == (26, 26, "hold")
    errors = document["action_error_by_step"]
    assert list(errors) == [str(k) for k in range(1, 17)]
    assert errors["16"] > errors["1"] > 0  # the arm moved, the plan was to hold still
    assert document["psnr_by_step"] is None
    assert document["checkpoint_sha256"] is None
    assert "panels" not in document
    assert not (tmp_path / "compared" / "panels.csv").exists()


def test_openloop_writes_what_an_unknown_family_shows_beside_its_plans(run, tmp_path):
    code, _, _ = run("openloop", EXAMPLE, "--policy", GATED.name, "--out", "shown", "--stop", 1)
    assert code == 0
    with (tmp_path / "shown" / read(tmp_path / "shown")["panels"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == [str(k) for k in range(11)]
    assert len({row["panels.gate"] for row in rows}) > 5
    assert {row["panels.numbers.reach_m"] for row in rows} == {"0.16"}
    assert {row["panels.reach_and_grasp.grasp.z_m"] for row in rows} == {str(float(np.float32(-0.005)))}
    assert {(row["panels.shadows"], row["panels.interest"]) for row in rows} == {("frames", "heatmap")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "nowhere.mp4"], "there is no file"),
        (["inspect", "no/where"], "cannot be had from the Hub"),
        (["openloop", EXAMPLE, "--policy", "agr"], "did you mean 'agra'?"),
        (["openloop", EXAMPLE, "--policy", "expert"], "reads the simulator"),
        (["openloop", EXAMPLE, "--policy", "hold", "--episode", "3"], "episode 3 does not exist"),
        (["openloop", EXAMPLE, "--policy", "hold", "--start", "9"], "is empty"),
        (["openloop", EXAMPLE, "--policy", "hold", "--map", "front"], "entry=value"),
        (["openloop", EXAMPLE, "--policy", "hold", "--map", "front=frnt"], "did you mean 'front'"),
        (["openloop", EXAMPLE, "--policy", "hold", "--instruction", "x" * 501], "501 characters"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert err.count("\n") == 1
    assert message in err
