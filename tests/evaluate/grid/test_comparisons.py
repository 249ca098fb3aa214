"""Two policies of a grid on the same scenes."""

import json
from dataclasses import replace

from tests.fakes.grid import SPEC, played
from wam_demo.evaluate.grid.comparisons import compare_policies

GRID = replace(SPEC, tasks=("push",), axes=("light", "shove"), severities=(1,), episodes=18)


def records(spec=GRID):
    return [played(sweep.policy, scene) for sweep in spec.sweeps(4) for scene in sweep.scenes]


def test_all_conditions_together_then_one_by_one():
    together, light, shove = compare_policies(GRID, records(), "expert", "hold")
    assert (light.condition, shove.condition) == (("push", "light", 1), ("push", "shove", 1))
    assert together.pairs == light.pairs + shove.pairs
    assert light.pairs == 18
    assert light.paired.difference == 15 / 18
    assert together.paired.p_value < light.paired.p_value
    assert light.sequential.decided_after is not None
    assert json.dumps([together.document(), light.document()])


def test_simulator_faults_are_no_pairs():
    faults = sum(not record.counts for record in records())
    assert faults == 2
    shove = compare_policies(GRID, records(), "expert", "hold")[2]
    assert (shove.pairs, shove.sequential.pairs) == (16, 16)


def test_the_sequential_test_sees_seeds_in_order_only():
    """Later seeds that happened to finish earlier have to wait for their turn."""
    early = [record for record in records() if record.seed % 1000 not in (3, 4)]
    light = compare_policies(GRID, early, "expert", "hold")[1]
    assert (light.pairs, light.sequential.pairs) == (16, 3)


def test_nothing_finished_yet():
    together = compare_policies(GRID, [], "expert", "hold")[0]
    assert (together.pairs, together.paired, together.document()["anytime_p"]) == (0, None, 1.0)
