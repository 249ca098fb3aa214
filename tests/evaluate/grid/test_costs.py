"""What a disturbance costs against the nominal scenes of the same seeds."""

import json
from dataclasses import replace

import pytest

from tests.fakes.grid import SPEC, played
from wam_demo.evaluate.grid.costs import costs
from wam_demo.evaluate.grid.document import cost_table

GRID = replace(SPEC, axes=("none", "light", "shove"), severities=(1, 3), episodes=18)


def records(spec=GRID, more_steps=0):
    found = [played(sweep.policy, scene) for sweep in spec.sweeps(4) for scene in sweep.scenes]
    return [replace(record, steps=record.steps + more_steps * (record.axis == "light")) for record in found]


def test_each_condition_beside_its_nominal_scenes():
    rows = {(cost.policy, cost.axis, cost.severity): cost for cost in costs(GRID, records())}
    assert len(rows) == 2 * 4
    light = rows["expert", "light", 3]
    assert light.success.pairs == 2 * 18  # two tasks
    assert light.success.difference == pytest.approx(-0.5)  # 3 of 6 scenes instead of 6 of 6
    assert light.success.seeds == 18
    assert light.success.p_value < 0.01
    assert light.p_holm > light.success.p_value
    assert rows["hold", "light", 3].success.difference == 0
    assert rows["expert", "shove", 1].success.pairs == 2 * 16  # without simulator faults
    assert json.dumps([cost.document() for cost in rows.values()])


def test_a_disturbance_that_only_slows_down_is_seen():
    light = costs(GRID, records(more_steps=4))[0]
    assert (light.axis, light.severity) == ("light", 1)
    assert light.longer_s == pytest.approx(0.4)
    assert light.longer.low > 0
    assert "| `light` | 1 | 36 | +0 [" in cost_table([light], "hold")


def test_nothing_to_compare_with():
    disturbed = [record for record in records() if record.axis != "none"]
    assert costs(GRID, disturbed) == []
    assert costs(GRID, []) == []
