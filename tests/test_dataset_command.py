"""``dataset`` on the command line."""

import json

import numpy as np

from tests.data.test_edit import episodes_of, files_of, recorded, write
from wam_demo.cli import main
from wam_demo.data.lerobot import Dataset


def run(tmp_path, *arguments) -> tuple[int, dict]:
    out = tmp_path / "out"
    code = main(["dataset", *map(str, arguments), "--out", str(out)])
    return code, json.loads((out / "results.json").read_text()) if code == 0 else {}


def test_check_prints_what_results_hold(tmp_path, capsys):
    recorded(tmp_path / "r")
    code, results = run(tmp_path, "check", tmp_path / "r")
    assert (code, results["episodes"], results["frames"]) == (0, 3, 33)
    kinds = {(problem["episode"], problem["kind"]) for problem in results["problems"]}
    assert (0, "clipped") in kinds
    printed = capsys.readouterr().out
    assert all(problem["detail"] in printed for problem in results["problems"])


def test_info_lists_episodes(tmp_path, capsys):
    recorded(tmp_path / "r")
    assert run(tmp_path, "info", tmp_path / "r")[1]["problems"] == []
    assert "2.0" in capsys.readouterr().out


def test_edits_in_place_and_into_a_new_folder(tmp_path):
    write(tmp_path / "a", episodes_of([5, 6, 7]), ["go", "go", "stay"])
    before = files_of(tmp_path / "a")
    assert run(tmp_path, "delete", tmp_path / "a", "--episodes", "0-1", "--to", tmp_path / "b")[1]["frames"] == 7
    assert files_of(tmp_path / "a") == before
    assert run(tmp_path, "trim", tmp_path / "a", "--episodes", "2", "--start", "1", "--stop", "4")[0] == 0
    assert run(tmp_path, "label", tmp_path / "a", "--episodes", "0", "--instruction", "rise", "--success", "no")[0] == 0
    dataset = Dataset(tmp_path / "a")
    assert [row["length"] for row in dataset.episodes().to_pylist()] == [5, 6, 3]
    assert dataset.instructions[0] == "rise"
    assert run(tmp_path, "merge", tmp_path / "a", tmp_path / "b", "--to", tmp_path / "m")[1]["frames"] == 21


def test_bad_input_is_one_line_and_changes_nothing(tmp_path, capsys):
    write(tmp_path / "a", episodes_of([5]), ["go"])
    before = files_of(tmp_path / "a")
    for arguments, words in (
        (["trim", tmp_path / "a", "--episodes", "0"], "needs --start"),
        (["trim", tmp_path / "a", "--start", "1"], "needs --episodes"),
        (["delete", tmp_path / "a", "--episodes", "0"], "at least one episode"),
        (["delete", tmp_path / "a", "--episodes", "x"], "valid is like"),
        (["label", tmp_path / "a"], "needs --instruction"),
        (["merge", tmp_path / "a"], "needs --to"),
        (["info", tmp_path / "a", tmp_path / "a"], "takes one dataset"),
        (["check", tmp_path / "no"], "no folder"),
        (["chekc", tmp_path / "a"], "check"),
    ):
        assert run(tmp_path, *arguments)[0] == 2
        error = capsys.readouterr().err
        assert words in error
        assert error.count("\n") == 1
    assert files_of(tmp_path / "a") == before


def test_damage_is_a_problem_with_its_episode(tmp_path):
    recorded(tmp_path / "r")
    Dataset(tmp_path / "r").video_files[1].unlink()
    problems = run(tmp_path, "check", tmp_path / "r")[1]["problems"]
    assert [(problem["episode"], problem["kind"]) for problem in problems] == [(1, "damaged")]
    assert np.all([problem["detail"] for problem in problems])
