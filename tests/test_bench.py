"""The bench measures every figure that docs/architecture.md promises; untrained weights will do for speed."""

import json
import math

import pytest

from wam_demo.bench import bench, cold_start
from wam_demo.cli import main
from wam_demo.errors import CheckpointError
from wam_demo.evaluate.executors.executor import ExecutorConfig

PROMISED = {
    "policy",
    "task",
    "device",
    "threads",
    "policy_call_ms",
    "imagine_ms",
    "encode_ms",
    "decode_ms",
    "render_ms",
    "step_ms",
    "cold_start_s",
    "rss_mb",
    "episodes_per_s",
    "matmul_bf16_gflops",
    "matmul_fp32_gflops",
    "policy_call_gflop",
    "policy_call_share_of_peak",
}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_figure_is_measured(tmp_path):
    from wam_demo.models.tokenizer import Tokenizer
    from wam_demo.models.wam.model import WorldActionModel

    WorldActionModel().save_pretrained(tmp_path / "agra")
    Tokenizer().save_pretrained(tmp_path / "tokenizer")
    config = ExecutorConfig(batch=2, processes=1)
    stages = []
    figures = bench(
        "agra", "button", checkpoint=tmp_path / "agra", episodes=2, repeats=3, config=config, progress=stages.append
    )
    assert set(figures) == PROMISED
    numbers = [value for value in figures.values() if isinstance(value, float)]
    assert all(math.isfinite(number) and number > 0 for number in numbers)
    assert figures["policy_call_ms"]["p50"] <= figures["policy_call_ms"]["p95"]
    assert stages[0] == "cold start"
    assert stages[-1] == "episodes"


def test_a_checkpoint_that_is_missing_is_reported_by_the_fresh_process(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint at"):
        cold_start("agra", "pick_place", tmp_path)


def test_the_command_says_what_drawing_an_action_costs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("wam_demo.commands.bench.POSES", 200)
    assert main(["bench", "--action-images", "--task", "reach", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "results.json").read_text())["round_trip"]
    assert (found["poses"], found["picture_px"]) == (200, 16)
    assert found["ways"]["exact"]["position_mm"]["p95"] < 0.01
    assert "round_trip.ways.noise_2_percent.position_mm.p50" in capsys.readouterr().out
