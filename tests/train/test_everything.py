"""Training everything: the plan of commands, and resuming after a failure."""

import sys

import pytest

from wam_demo.cli import _parser
from wam_demo.errors import DataError
from wam_demo.train import everything
from wam_demo.train.everything import Stage, stages, train_everything


@pytest.mark.parametrize("preset", everything.AMOUNTS)
def test_every_stage_is_a_valid_command_whose_inputs_come_before_it(preset, tmp_path):
    for folder in ("demos", "rooms", "wam", "agra"):
        (tmp_path / folder).mkdir()
    done = {"demos"}
    for group in stages(preset, 0, tmp_path, 4):
        for stage in group:
            options = _parser().parse_args([*stage.arguments, "--out", str(tmp_path / stage.name)])
            assert options.run
            assert stage.name.split("-")[-1].split("/")[0] in done | {stage.name}
        done |= {stage.name for stage in group}
    assert {"tokenizer", "teacher", "wam", "agra", "eval-agra", "imagine-wam"} <= done


def test_a_failed_stage_is_named_and_done_stages_are_not_repeated(tmp_path, monkeypatch):
    group = [[Stage("first", ("bench",))], [Stage("second", ("train", "wam"))]]
    monkeypatch.setattr(everything, "stages", lambda *arguments: group)
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "results.json").write_text("{}")
    said = []
    with pytest.raises(DataError, match="second failed with exit code 2"):
        train_everything("debug", tmp_path, say=said.append)
    assert len(said) == 1
    assert "train wam" in said[0]
    assert sys.executable not in said[0]
