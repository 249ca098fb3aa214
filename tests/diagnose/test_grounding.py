"""Scores of whole episodes: what they say of policies whose looks and causes are known."""

import json

import numpy as np
import pytest

from tests.fakes.prober import GRID, FakeProber
from wam_demo.diagnose import grounding_report
from wam_demo.diagnose.grounding import map_score, score_episode, score_task
from wam_demo.diagnose.moments import Moment
from wam_demo.evaluate.report.tables import probe_table
from wam_demo.types import Observation

REGION = np.zeros(128, bool)
REGION[[18, 19, 26, 27, 70, 71]] = True
WRIST = np.arange(128) >= 64
VARIED = np.random.default_rng(0).uniform(0.5, 1.5, 128)


def moments(seed, count=6):
    rng = np.random.default_rng(seed)
    found = []
    for step in range(count):
        images = {camera: rng.integers(0, 256, (32, 32, 3), np.uint8) for camera in GRID.cameras}
        seen = Observation(images, np.zeros(17, np.float32), "go", step / 10)
        parts = {"gripper": GRID.split(REGION & WRIST), "target": GRID.split(REGION & ~WRIST)}
        found.append(Moment(step, seen, GRID.split(REGION), parts, "before" if step < 3 else "after"))
    return found


def grounded():
    return FakeProber(np.where(REGION, 1.0, 0.05) * VARIED, np.where(REGION, 8.0, 0.2) * VARIED)


def ungrounded():
    return FakeProber(VARIED, np.where(REGION, 0.1, 1.0))


def scored(policy, episodes=4):
    return [score_episode(policy, moments(seed), seed) for seed in range(episodes)]


def test_a_grounded_policy_scores_above_an_ungrounded_one():
    good = grounding_report.document({"pick_place": scored(grounded())})
    bad = grounding_report.document({"pick_place": scored(ungrounded())})
    assert good["area"] == pytest.approx(6 / 128)
    assert good["aim_over_area"] == pytest.approx(good["aim"] / good["area"])
    assert good["aim_over_area_at_best"] == bad["aim_over_area_at_best"] == pytest.approx(128 / 6)
    assert good["aim"] > 0.6 > 0.05 > bad["aim"]
    assert good["views"]["front"]["area"] == pytest.approx(4 / 64)
    assert good["views"]["wrist"]["aim"] > 0.4 > 0.05 > bad["views"]["wrist"]["aim"]
    assert bad["aim_over_area"] < 1 < good["aim_over_area"]
    assert good["centroid_error_cells"] < bad["centroid_error_cells"]
    for kind in ("mean", "zero", "swap"):
        assert good["msr"][kind] > 3
        assert 0.3 < bad["msr"][kind] < 3
    assert good["map_over_area"] > 3 > bad["map_over_area"]
    assert good["map_agreement"] > bad["map_agreement"]
    for measure in ("aim_over_area_of", "map_over_area_of"):
        assert set(good[measure]) == {"gripper", "target"}  # there is no goal
        assert good[measure]["target"] > 3 > bad[measure]["target"]


def test_the_document_holds_an_interval_around_every_measure_and_is_json():
    tasks = {"reach": scored(grounded(), 3), "push": scored(grounded(), 3)}
    found = grounding_report.document(tasks)
    json.dumps(found, allow_nan=False)
    assert set(found["msr"]) == {"mean", "zero", "shuffle", "swap"} == set(found["ci95"]["msr"])
    for name in ("aim", "aim_over_area", "centroid_error_cells"):
        low, high = found["ci95"][name]
        assert low - 1e-9 <= found[name] <= high + 1e-9
    assert (found["episodes"], found["moments"]) == (6, 36)
    assert (found["phases"]["before"]["moments"], found["phases"]["after"]["moments"]) == (18, 18)
    assert found["tasks"]["reach"]["episodes"] == 3
    text = probe_table([{"policy": "agra", **found}])
    assert "msr.swap" in text
    assert "agra, before" in text


def test_the_difference_is_of_pairs():
    first, second = {"reach": scored(grounded())}, {"reach": scored(ungrounded())}
    found = grounding_report.difference(first, second)
    assert found["ci95"]["aim"][0] > 0
    assert found["msr"]["zero"] == pytest.approx(
        grounding_report.document(first)["msr"]["zero"] - grounding_report.document(second)["msr"]["zero"]
    )
    same = grounding_report.difference(first, first)
    assert same["aim"] == 0
    assert same["ci95"]["msr"]["mean"] == [0, 0]


def test_a_phase_that_never_comes_and_a_plan_that_nothing_changes_are_left_out():
    early = [[moment for moment in episode if moment.phase == "before"] for episode in scored(grounded(), 2)]
    found = grounding_report.document({"reach": early})
    assert set(found["phases"]) == {"before"}
    blind = grounding_report.document({"reach": scored(FakeProber(np.zeros(128), np.ones(128)), 2)})
    assert "msr" not in blind
    assert "map_agreement" not in blind
    assert blind["effects"]["zero"] == {"region": 0.0, "background": 0.0}
    json.dumps(blind, allow_nan=False)


def test_map_scores():
    change = np.where(REGION, 2.0, 1.0)
    score = map_score(change, change, REGION, {"target": ~REGION, "goal": np.zeros(128, bool)})
    assert score.agreement == pytest.approx(1.0)
    assert score.over_area == pytest.approx(2 * 128 / (122 + 12))
    assert score.parts == {"target": pytest.approx(128 / (122 + 12))}
    assert map_score(change, np.zeros(128), REGION, {}) is None


def test_policies_are_probed_at_the_same_moments_and_see_observations_only():
    from wam_demo.sim.world import World

    world, policies = World("reach"), [grounded(), ungrounded()]
    ended = []
    scores = score_task(policies, world, [500_000, 500_001], lambda: ended.append(1))
    world.close()
    assert len(ended) == 2
    assert [len(episodes) for episodes in scores] == [2, 2]
    for one, other in zip(policies[0].seen, policies[1].seen, strict=True):
        assert isinstance(one, Observation)
        assert one is other
    assert {moment.phase for moment in scores[0][0]} == {"before"}
