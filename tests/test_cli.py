"""The command line: exit codes, one line on bad input, results.json on success."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from wam_demo.cli import main
from wam_demo.policies.receding import PlayedStep
from wam_demo.robots.simulator import simulator
from wam_demo.runtime.log import LogRecorder
from wam_demo.runtime.logfile import format_log
from wam_demo.runtime.loop import Loop


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def _run(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return _run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evl"], "unknown command 'evl': did you mean 'eval'?"),
        ([], "required: COMMAND"),
        (["eval", "--policy", "agr"], "unknown policy 'agr': did you mean 'agra'?"),
        (["eval", "--policy", "hold", "--task", "pick_plce"], "did you mean 'pick_place'?"),
        (["eval", "--policy", "hold", "--episodes", "nan"], "'nan' is not a whole number in 1 .. 10000"),
        (["eval", "--policy", "hold", "--severity", "6"], "'6' is not a whole number in 1 .. 5"),
        (["eval", "--policy", "hold", "--instruction", "x" * 10_000], "10000 characters"),
        (["eval", "--policy", "hold", "--compare", "hld"], "did you mean 'hold'?"),
        (["eval", "--policy", "hold", "--compare", "hold"], "names a policy twice"),
        (["eval", "--policy", "hold", "--axis", "light,shov"], "did you mean 'shove'?"),
        (["eval", "--policy", "hold", "--axis", "light,"], "a name is missing"),
        (["eval", "--policy", "hold", "--axis", "light", "--severity", "1,x"], "'x' is not a whole number in 1 .. 5"),
        (["eval", "--policy", "hold", "--resume"], "name it with --out"),
        (["eval", "--policy", "hold", "--sequential", "0.05"], "name the second with --compare"),
        (["eval", "--policy", "agra", "--checkpoint", "missing"], "no checkpoint at missing"),
        (["eval", "--policy", "hold", "--engine", "rya"], "unknown engine 'rya'"),
        (["eval", "--unheard-of"], "unrecognized arguments: --unheard-of"),
        (["imagine", "--policy", "expert"], "policy 'expert' has no weights"),
        (["imagine", "--policy", "agra", "--checkpoint", "missing"], "no checkpoint at missing"),
        (["probe", "--policy", "expert"], "policy 'expert' has no weights"),
        (["probe", "--compare", "wan"], "did you mean 'wam'?"),
        (["probe", "--compare", "wam", "--compare-checkpoint", "missing"], "no checkpoint at missing"),
        (["invariance", "--axis", "shove"], "unknown axis 'shove'"),
        (["probe", "--episodes", "1"], "'1' is not a whole number in 2 .. 10000"),
        (["bench", "--policy", "hold"], "policy 'hold' has no weights"),
        (["record", "--policy", "agr"], "did you mean 'agra'?"),
        (["record", "--axis", "lihgt"], "did you mean 'light'?"),
        (["record", "--source", ".", "--policy", "expert"], "a recording has no simulator"),
        (["demos", "--task", "pick_place", "--episodes", "2", "--noise", "nan"], "'nan' is not a number in 0 .. 1"),
        (["demos", "--task", "pick_place", "--episodes", "2", "--driver", "agr"], "did you mean 'agra'?"),
        (["demos", "--task", "pick_place", "--episodes", "2", "--driver", "expert"], "policy 'expert' has no weights"),
        (
            ["demos", "--task", "push", "--episodes", "2", "--driver", "agra", "--steps", "8"],
            "--steps go with the expert, not with a --driver",
        ),
        (
            ["demos", "--task", "push", "--episodes", "2", "--far", "--region", "held-out"],
            "--far puts things anywhere on the table",
        ),
        (
            ["demos", "--task", "push", "--episodes", "2", "--degraded", "--region", "held-out"],
            "--degraded puts things anywhere on the table",
        ),
        (
            ["demos", "--task", "push", "--episodes", "2", "--glances", "--steps", "8"],
            "not with --attempts or --glances",
        ),
        (
            ["demos", "--task", "push", "--episodes", "2", "--every", "9", "--steps", "8"],
            "an episode of 8 steps may hold no frame: one in 9 is kept",
        ),
        (["replay", "missing.jsonl"], "missing.jsonl cannot be read: No such file"),
        (["train", "wan", "--data", ".", "--out", "x"], "unknown model 'wan': did you mean 'wam'?"),
        (["train", "wam", "--out", "x"], "training 'wam' needs --data"),
        (["train", "wam", "--data", ".", "--arms", "agra", "--out", "x"], "--arms goes with 'train arms'"),
        (["train", "arms", "--data", ".", "--weight", "2", "--out", "x"], "decides itself what is aligned"),
        (["train", "arms", "--data", ".", "--rate", "1e-4", "--out", "x"], "--rate goes with one model"),
        (["train", "wam", "--data", ".", "--rate", "0", "--out", "x"], "--rate"),
        (["train", "wam", "--data", "nowhere", "--out", "x"], "there is no folder 'nowhere'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, arguments, message):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert message in err


def test_a_folder_that_cannot_be_written_is_refused_before_work(run, tmp_path, monkeypatch):
    from wam_demo.evaluate.grid.run import GridRun

    monkeypatch.setattr(GridRun, "start", lambda *_: pytest.fail("work began"))
    (tmp_path / "file").write_text("")
    code, _, err = run("eval", "--policy", "hold", "--episodes", 1, "--out", tmp_path / "file" / "out")
    assert code == 2
    assert "cannot write to" in err


def test_a_corrupt_checkpoint_is_one_line(run, tmp_path):
    (tmp_path / "config.json").write_text("not json")
    (tmp_path / "model.safetensors").write_bytes(b"garbage")
    code, _, err = run("eval", "--policy", "agra", "--checkpoint", tmp_path, "--episodes", 1)
    assert code == 2
    assert err.count("\n") == 1


def test_eval_writes_results_and_prints_a_table(run, tmp_path):
    arguments = ["eval", "--policy", "expert", "--compare", "hold", "--episodes", 2, "--processes", 1, "--out", "out"]
    code, out, _ = run(*arguments)
    assert code == 0
    assert "p = 0.5 (2 pairs on 2 seeds)" in out
    assert "10 points need" in out
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["schema"] == "wam_demo.eval"
    assert (document["policy"], document["n"], document["successes"], document["rate"]) == ("expert", 2, 2, 1.0)
    assert document["compare"]["policy"] == "hold"
    assert document["compare"]["successes"] == 0
    assert document["difference"] == 1.0
    assert [e["seed"] for e in document["episodes"]] == [e["seed"] for e in document["compare"]["episodes"]]
    assert document["episodes_per_s"] > 0


GRID = ["eval", "--policy", "expert", "--compare", "hold", "--axis", "none,light", "--severity", "1,5"]


def test_eval_of_a_grid_with_its_report_and_going_on(run, tmp_path):
    arguments = [*GRID, "--episodes", 1, "--processes", 1, "--out", "out"]
    code, out, _ = run(*arguments)
    assert code == 0
    assert "expert - hold: +1.000" in out
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert (document["schema"], len(document["cells"]), len(document["episodes"])) == ("wam_demo.eval", 6, 6)
    assert document["comparisons"][0]["conditions"][0]["pairs"] == 3
    assert document["command"].startswith("python -m wam_demo eval --policy expert --compare hold --task pick_place")

    code, _, err = run(*arguments)
    assert code == 2
    assert "--resume goes on with it" in err
    code, _, err = run(*arguments, "--resume", "--seed", 3)
    assert code == 2
    assert "holds a grid with other seed" in err

    code, _, _ = run(*arguments, "--resume", "--report", "--save-video", "videos")
    assert code == 0
    again = json.loads((tmp_path / "out" / "results.json").read_text())
    assert again["episodes_per_s"] is None  # nothing was played again
    assert again["cells"] == document["cells"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("data:video/mp4;base64,") >= 2
    assert len(list((tmp_path / "videos").iterdir())) == 6


def test_a_comparison_stops_once_it_is_decided(run, tmp_path):
    arguments = ["eval", "--policy", "expert", "--compare", "hold", "--episodes", 400, "--sequential", 0.05]
    code, out, _ = run(*arguments, "--batch", 1, "--processes", 1, "--out", "out")
    assert code == 0
    assert "decided after" in out
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["sequential"]["decided_after"] <= 10
    assert document["n"] < 100


def test_probe_writes_the_measures_with_an_interval_for_each(run, tmp_path, monkeypatch):
    from tests.fakes.prober import FakeProber
    from wam_demo.policies import registry

    weights = np.random.default_rng(0).uniform(0.5, 1.5, 128)
    monkeypatch.setattr(registry, "load_policy", lambda *_: FakeProber(weights, weights))
    arguments = ["probe", "--task", "pick_place,reach", "--episodes", 2, "--compare", "wam", "--out", "out"]
    code, out, _ = run(*arguments)
    assert code == 0
    assert "difference" in out
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["schema"] == "wam_demo.probe"
    assert set(document["msr"]) == {"mean", "zero", "shuffle", "swap"}
    for name in ("aim", "aim_over_area", "centroid_error_cells"):
        low, high = document["ci95"][name]
        assert low <= document[name] <= high
    assert set(document["ci95"]["msr"]) == set(document["msr"])
    assert (document["policy"], document["compare"]["policy"]) == ("agra", "wam")
    assert set(document["tasks"]) == {"pick_place", "reach"}
    assert document["episodes"] == 4
    assert document["difference"]["aim"] == 0


def test_results_lie_under_results_unless_told_otherwise(run, tmp_path):
    code, _, _ = run("eval", "--policy", "expert", "--episodes", 1, "--processes", 1)
    assert code == 0
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.startswith("eval-")


@pytest.mark.parametrize("arguments", [["evl"], ["eval", "--episodes", "many"]])  # unknown; what all commands take
def test_the_module_runs_and_loads_nothing_heavy(arguments):
    script = (
        f"import sys; from wam_demo.cli import main; code = main({arguments}); "
        "sys.exit(3 if {'torch', 'mujoco', 'gradio', 'scipy'} & set(sys.modules) else code)"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 2, finished.stderr
    finished = subprocess.run(
        [sys.executable, "-m", "wam_demo", "--version"], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0


def test_an_interrupt_ends_quietly(run, monkeypatch):
    from wam_demo.evaluate import output

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(output, "prepare_output", interrupt)
    code, _, err = run("eval", "--policy", "hold")
    assert (code, err) == (130, "interrupted\n")


class Pushing:
    """An agent that does always the same."""

    wait_steps = 0

    def act(self, step, observation):
        return PlayedStep(np.array([0.01, 0.002, -0.004, 0, 0, 0.01, 1], np.float32))


def test_replay_checks_every_state_and_refuses_a_bad_line(run, tmp_path):
    source = simulator("reach", images=False)
    recorder = LogRecorder(source, "reach", 3, 60)
    loop = Loop(source, Pushing(), [recorder])
    loop.reset(3)
    for step in range(12):
        if step == 5:
            loop.disturb("shove", {"severity": 2, "seed": 1})
        loop.advance()
    log = recorder.log("agra", None, None)
    source.close()
    (tmp_path / "good.jsonl").write_text(format_log([log]))
    code, out, err = run("replay", "good.jsonl", "--out", "out")
    assert (code, err) == (0, "")
    assert "3 of 3 states agree to the last bit" in out
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["exact"] is True
    assert results["attempts"][0]["steps"] == 12

    (tmp_path / "other.jsonl").write_text(
        format_log([log]).replace('"offset"', '"offsett"').replace(log.final, "0" * 16)
    )
    code, out, err = run("replay", "other.jsonl", "--out", "other")
    assert code == 2
    assert "differs from its log at step 12" in out
    assert err == "error: other.jsonl does not replay exactly here\n"

    bare = replace(log, steps=[replace(step, state=None) for step in log.steps], final=None)
    (tmp_path / "bare.jsonl").write_text(format_log([bare]))
    code, out, err = run("replay", "bare.jsonl", "--out", "bare")
    assert (code, err) == (2, "error: bare.jsonl does not replay exactly here\n")
    assert "nothing could be compared" in out
    assert json.loads((tmp_path / "bare" / "results.json").read_text())["exact"] is False

    (tmp_path / "bad.jsonl").write_text(format_log([log]).replace('"step":4', '"step":9', 1))
    code, out, err = run("replay", "bad.jsonl")
    assert (code, err) == (2, "error: line 7: expected step 4, got 9\n")


def test_output_that_nobody_reads_ends_quietly(tmp_path):
    from wam_demo.config import EXAMPLES

    given = ["inspect", EXAMPLES / "pick_place.zip", "--out", tmp_path / "out"]
    reading, writing = os.pipe()
    os.close(reading)
    finished = subprocess.run(
        [sys.executable, "-m", "wam_demo", *given], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (finished.returncode, finished.stderr) == (141, "")


def test_numbers_and_names_beyond_all_bounds_are_one_line(run):
    for arguments in (
        ["eval", "--policy", "hold", "--seed", str(10**400)],
        ["eval", "--policy", "hold", "--seed", "1" * 5000],
        ["--seed", str(10**400)],
        ["inspect", "a\0b.mp4"],
        ["eval", "--policy", "hold", "--out", "a\0b"],
    ):
        code, _, err = run(*arguments)
        assert code == 2
        assert err.count("\n") == 1
        assert len(err) < 500
