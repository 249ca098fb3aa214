"""The profile of a training step."""

import pytest

from wam_demo.train.profile import profile_training
from wam_demo.train.recipes import WAM


def test_every_part_of_a_step_is_timed():
    profile = profile_training(WAM["debug"], repeats=1, ways=("fp32", "bf16"))
    assert profile["matmul_bf16_gflops"] > 0
    assert list(profile["ways"]) == ["fp32", "bf16"]
    for figures in profile["ways"].values():
        assert min(figures[name] for name in ("action_ms", "video_ms", "optimiser_ms", "gflops")) > 0
        parts = sum(figures[f"{name}_ms"] for name in ("action", "alignment", "video", "optimiser"))
        assert figures["step_ms"] == pytest.approx(parts)
        assert figures["samples_per_s"] == pytest.approx(1e3 * WAM["debug"].batch / parts)
        assert figures["share_of_bf16_peak"] == pytest.approx(figures["gflops"] / profile["matmul_bf16_gflops"])
