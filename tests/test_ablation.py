"""The comparison of arms: valid commands, paired rows, a table."""

import json
from dataclasses import replace

import pytest

from tests.fakes.grid import FakeExecutor
from wam_demo import ablation
from wam_demo.ablation import (
    ARMS,
    BASELINE,
    Ingredients,
    arm_row,
    compare_arms,
    compare_runs,
    difference_over_runs,
    table,
)
from wam_demo.cli import _parser, main
from wam_demo.errors import InvalidInputError, UnknownNameError
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


def test_a_seed_without_scenes_is_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(ablation, "run_stages", lambda *arguments: pytest.fail("trained"))
    with pytest.raises(InvalidInputError, match="seed"):
        compare_arms(["conv"], shared(tmp_path, seed=50), tmp_path)
    with pytest.raises(InvalidInputError, match="seed"):
        compare_runs(["conv"], shared(tmp_path, seed=48), tmp_path, runs=3)


def test_runs_are_the_unit_of_their_interval():
    rates = {"conv": [0.875, 0.854, 0.840], "wam": [0.771, 0.743, 0.771]}
    found = difference_over_runs(rates, "conv", "wam")
    assert found["difference"] == pytest.approx(0.0947, abs=1e-4)
    # mean +- 4.303 standard errors: Student's t of two degrees of freedom
    spread = 4.3027 * 0.0224 / 3**0.5
    assert found["difference_ci95"] == pytest.approx([0.0947 - spread, 0.0947 + spread], abs=1e-3)
    assert 0.01 < found["p_value"] < 0.03
    turned = difference_over_runs(rates, "wam", "conv")
    assert turned["difference_ci95"] == pytest.approx([-value for value in reversed(found["difference_ci95"])])


def test_runs_that_all_differ_by_the_same_say_nothing_of_the_spread():
    found = difference_over_runs({"conv": [0.6, 0.7], "wam": [0.5, 0.6]}, "conv", "wam")
    assert found["difference"] == pytest.approx(0.1)
    assert (found["difference_ci95"], found["p_value"]) == (None, None)


def test_several_runs_take_the_seeds_from_the_first_on(tmp_path, monkeypatch):
    asked = []

    def compared(names, shared, out, *, episodes, say):
        asked.append((shared.seed, out.name, episodes))
        right = {"wam": 6, "conv": 8 + shared.seed}
        return {"arms": [{"arm": arm, "disturbed": [right[arm], 12]} for arm in ("wam", "conv")]}

    monkeypatch.setattr(ablation, "compare_arms", compared)
    found = compare_runs(["conv"], shared(tmp_path, seed=1), tmp_path, runs=3, episodes=6)
    assert asked == [(1, "seed1", 6), (2, "seed2", 6), (3, "seed3", 6)]
    assert list(found["runs"]) == ["1", "2", "3"]
    (pair,) = found["pairs"]
    assert pair["by_run"] == pytest.approx([3 / 12, 4 / 12, 5 / 12])
    text = (tmp_path / "table.md").read_text()
    assert "| `conv` | 0.750, 0.833, 0.917 | 0.833 |" in text
    assert "| `conv` - `wam` | +0.250, +0.333, +0.417 | +0.333 [+0.126, +0.540] | 0.02 |" in text


@pytest.mark.parametrize("given", [["--arms", "conv"], ["--runs", "3"]])
def test_options_of_the_arms_go_with_no_single_model(given, tmp_path, capsys):
    assert main(["train", "agra", "--data", str(tmp_path), *given]) != 0
    assert f"{given[0]} goes with 'train arms'" in capsys.readouterr().err
