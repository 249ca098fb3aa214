"""What results.json says of one condition."""

from dataclasses import replace

import pytest

from tests.fakes.grid import SPEC, played
from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.grid.document import condition_document, grid_document, policy_document
from wam_demo.evaluate.report.tables import comparison_lines, evaluation_table

GRID = replace(SPEC, policies=("expert", "hold"), axes=("light",), severities=(3,), episodes=6)
WEIGHTS = {"expert": None, "hold": None}


def records(spec=GRID):
    return [played(sweep.policy, scene) for sweep in spec.sweeps(4) for scene in sweep.scenes]


def test_the_document_of_a_policy():
    document = policy_document(GRID, "expert", "ab12", records())
    assert (document["policy"], document["task"]) == ("expert", "pick_place,push")
    assert (document["axis"], document["severity"], document["execute"]) == ("light", 3, 1)
    assert (document["n"], document["successes"], document["rate"]) == (12, 6, 0.5)
    assert document["tasks"]["push"]["successes"] == 3
    assert document["outcomes"] == {"success": 6, "timeout": 6}
    assert document["ci95"][0] < 0.5 < document["ci95"][1]
    assert document["episodes"][1] == {
        "task": "pick_place", "seed": 500_001, "success": False, "success_final": False, "steps": 3,
        "outcome": "timeout", "fault": None, "goal_distance_m": 0.1, "closest_m": 0.1,
    }  # fmt: skip
    assert "0.500" in evaluation_table([document])


def test_two_policies_are_compared_by_seed():
    content = condition_document(GRID, WEIGHTS, records())
    assert (content["pairs"], content["seeds"], content["difference"]) == (12, 6, 0.5)
    assert content["p_value"] == 0.25  # three seeds differ, in both tasks alike
    assert content["compare"]["policy"] == "hold"
    assert comparison_lines(GRID.policies, content)[0].startswith("expert - hold: +0.500 [")


def test_without_a_common_scene_there_is_nothing_to_compare():
    with pytest.raises(InvalidInputError, match="nothing to compare"):
        condition_document(GRID, WEIGHTS, [record for record in records() if record.policy == "hold"])


def test_a_busy_server_is_reported_apart():
    busy = [replace(record, outcome="policy_busy", success=False, success_final=False) for record in records()]
    document = policy_document(GRID, "hold", None, [*busy[:3], *records()[3:]])
    assert document["policy_busy"] + document["n"] == 12
    cells = {row["policy"]: row for row in grid_document(GRID, WEIGHTS, busy)["cells"]}
    assert cells["expert"]["rate"] is None
    assert cells["expert"]["policy_busy"] == 6
