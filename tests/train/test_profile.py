"""The profile of a training step."""

import pytest

from wam_demo.train.profile import PHASES, profile_step, step_operators
from wam_demo.train.recipes import WAM


def test_every_phase_of_a_step_is_timed_and_compared():
    ways = profile_step(WAM["debug"], 200.0, repeats=1, ways=("eager", "batched"))
    assert list(ways) == ["eager", "batched"]
    assert ways["eager"]["ratio"] == 1
    for figures in ways.values():
        phases = [figures[f"{phase}_ms"] for phase in PHASES]
        assert min(*phases, figures["gflops"]) > 0
        assert figures["step_ms"] == pytest.approx(sum(phases))
        assert figures["samples_per_s"] == pytest.approx(1e3 * WAM["debug"].batch / sum(phases))
        assert figures["share_of_peak"] == pytest.approx(figures["gflops"] / 200)
        assert figures["ratio"] == pytest.approx(figures["samples_per_s"] / ways["eager"]["samples_per_s"])


def test_operators_of_a_step_are_counted_by_kind():
    found = step_operators(WAM["debug"])
    kinds = found["kinds"]
    assert {"matrix products", "norms and softmax", "copies", "element by element", "optimiser"} <= set(kinds)
    assert kinds["matrix products"]["gigabytes"] > 0.01
    assert found["outside_ms"] < found["wall_ms"]
