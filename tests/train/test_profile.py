"""The profile of a training step."""

import pytest

from wam_demo.train.profile import profile_step
from wam_demo.train.recipes import WAM


def test_every_part_of_a_step_is_timed():
    ways = profile_step(WAM["debug"], 200.0, repeats=1, ways=("fp32", "bf16"))
    assert list(ways) == ["fp32", "bf16"]
    for figures in ways.values():
        assert min(figures[name] for name in ("action_ms", "video_ms", "optimiser_ms", "gflops")) > 0
        parts = sum(figures[f"{name}_ms"] for name in ("action", "alignment", "video", "optimiser"))
        assert figures["step_ms"] == pytest.approx(parts)
        assert figures["samples_per_s"] == pytest.approx(1e3 * WAM["debug"].batch / parts)
        assert figures["share_of_bf16_peak"] == pytest.approx(figures["gflops"] / 200)
