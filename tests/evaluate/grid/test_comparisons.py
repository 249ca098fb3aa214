"""Two policies of a grid on the same scenes."""

import json
from dataclasses import replace

from tests.fakes.grid import SPEC, played
from wam_demo.evaluate.grid.comparisons import compare_policies, compare_together

GRID = replace(SPEC, tasks=("push",), axes=("light", "shove"), severities=(1,), episodes=18)


def records(spec=GRID):
    return [played(sweep.policy, scene) for sweep in spec.sweeps(4) for scene in sweep.scenes]


def test_all_conditions_together_then_one_by_one():
    together, light, shove = compare_policies(GRID, records(), "expert", "hold")
    assert (light.condition, shove.condition) == (("push", "light", 1), ("push", "shove", 1))
    assert together.paired.pairs == light.paired.pairs + shove.paired.pairs
    assert light.paired.pairs == together.paired.seeds == 18
    assert light.paired.difference == 15 / 18
    assert together.p_holm is None
    assert light.p_holm == 2 * light.paired.p_value
    assert light.sequential.decided_after is not None
    assert json.dumps([together.document(), light.document()])


def test_simulator_faults_are_no_pairs():
    faults = sum(not record.counts for record in records())
    assert faults == 2
    shove = compare_policies(GRID, records(), "expert", "hold")[2]
    assert (shove.paired.pairs, shove.sequential.seeds) == (16, 16)


def test_the_sequential_test_sees_seeds_in_order_only():
    """Later seeds that happened to finish earlier have to wait for their turn."""
    early = [record for record in records() if record.seed % 1000 not in (3, 4)]
    light = compare_policies(GRID, early, "expert", "hold")[1]
    assert (light.paired.pairs, light.sequential.seeds) == (16, 3)


def test_nothing_finished_yet():
    together = compare_together(GRID, [], "expert", "hold")
    assert (together.paired, together.document()["pairs"], together.document()["anytime_p"]) == (None, 0, 1.0)


def test_a_seed_under_several_conditions_is_one_observation():
    """Six disturbances of the same 18 scenes do not make the comparison surer than its seeds do."""
    spec = replace(GRID, tasks=("push", "pick_place"), axes=("light", "camera", "noise"))
    together = compare_together(spec, records(spec), "expert", "hold")
    assert (together.paired.pairs, together.paired.seeds) == (6 * 18, 18)
    assert together.paired.p_value == compare_policies(spec, records(spec), "expert", "hold")[1].paired.p_value
    assert together.sequential.seeds == 18
