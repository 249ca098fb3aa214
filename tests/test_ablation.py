"""The comparison of arms: valid commands, paired rows, a table."""

import json
from dataclasses import replace

import pytest

from tests.fakes.grid import FakeExecutor
from wam_demo import ablation
from wam_demo.ablation import ARMS, BASELINE, Ingredients, arm_row, compare_arms, table
from wam_demo.cli import _parser
from wam_demo.errors import UnknownNameError
from wam_demo.evaluate.specs.grid import GridSpec

SPEC = GridSpec(("hold", "expert"), ("pick_place",), ("none", "light"), (3,), episodes=12)
POLICIES = {BASELINE: "hold", "agra": "expert"}


def shared(tmp_path, **changes):
    start = Ingredients("small", tmp_path, tmp_path, None, tmp_path, 100, 3)
    return replace(start, **changes)


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_is_a_valid_command(arm, tmp_path):
    options = _parser().parse_args(["train", *ARMS[arm], *shared(tmp_path).arguments(), "--out", "x"])
    assert options.steps == 100
    assert options.videos == tmp_path
    assert options.init is None


def test_an_unknown_arm_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(ablation, "run_stages", lambda *arguments: pytest.fail("trained"))
    with pytest.raises(UnknownNameError, match="did you mean 'frozen'"):
        compare_arms(["frozn"], shared(tmp_path), tmp_path)


def records():
    engine, found = FakeExecutor(), []
    engine.play(SPEC.sweeps(4), found.append, lambda: False)
    return found


def test_rows_pair_an_arm_with_the_baseline_scene_by_scene(tmp_path):
    lines = [{"step": 10, "mean8": 1.5, "agra": -0.5}, {"step": 12, "seconds": 60.0, "agra": -0.9}]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "results.json").write_text(json.dumps({"losses": {}}))  # of a run that was resumed at its end
    rows = [arm_row(name, POLICIES, SPEC, records(), tmp_path) for name in POLICIES]
    base, other = rows
    assert base["difference"] == 0
    assert base["disturbed"] == [0, 12]
    assert other["nominal"] == [12, 12]
    assert other["disturbed"] == [6, 12]
    assert other["difference"] == 0.5
    assert other["p_value"] == pytest.approx(2 * 0.5**6)
    assert (other["plan_error_cm"], other["cosine"], other["seconds"]) == (1.5, 0.9, 60.0)
    text = table(rows).splitlines()
    assert len(text) == 4
    assert "| 12/12 | 6/12 (0.500) | +0.500 [" in text[3]
