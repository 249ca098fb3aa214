"""Interventions: matched in area, disjoint, and right about a policy whose causes are known."""

import numpy as np
import pytest

from tests.fakes.prober import GRID, FakeProber
from wam_demo.diagnose.intervention import DRAWS, KINDS, cell_edits, matched_draws, matched_edits
from wam_demo.policies.probe import run_probe
from wam_demo.types import Observation


def a_region(front=(), wrist=()):
    region = np.zeros(128, bool)
    region[list(front)] = True
    region[64 + np.array(list(wrist), int)] = True
    return region


def an_observation(seed=0):
    rng = np.random.default_rng(seed)
    images = {camera: rng.integers(0, 256, (32, 32, 3), np.uint8) for camera in GRID.cameras}
    return Observation(images, np.zeros(17, np.float32), "go", 0.0)


def test_draws_match_the_region_view_by_view():
    region = a_region(front=range(5), wrist=range(20, 32))
    draws = matched_draws(region, GRID, np.random.default_rng(0))
    assert len(draws) == DRAWS >= 16
    for draw in draws:
        np.testing.assert_array_equal(draw.inside, np.flatnonzero(region))
        for cells in (draw.outside, draw.partners):
            assert not region[cells].any()
            assert np.bincount(GRID.camera_of(cells), minlength=2).tolist() == [5, 12]
        assert not set(draw.outside) & set(draw.partners)
    assert len({tuple(sorted(draw.outside)) for draw in draws}) == DRAWS


def test_a_large_region_is_represented_by_parts_of_it():
    region = a_region(front=range(44), wrist=[0])
    draws = matched_draws(region, GRID, np.random.default_rng(0))
    for draw in draws:
        assert np.bincount(GRID.camera_of(draw.inside), minlength=2).tolist() == [10, 1]
        assert region[draw.inside].all()
    assert len({tuple(draw.inside) for draw in draws}) > 1


def test_a_region_of_a_whole_view_has_no_background():
    (draw,) = matched_draws(a_region(front=range(64), wrist=[3]), GRID, np.random.default_rng(0), draws=1)
    assert draw.inside.tolist() == [67]


def test_equal_edits_are_planned_once():
    matched = matched_edits(
        matched_draws(a_region(range(6)), GRID, np.random.default_rng(0)), GRID, np.random.default_rng(1)
    )
    assert matched.rows.shape == (len(KINDS), 2, DRAWS)
    assert len(set(matched.rows[KINDS.index("zero"), 0])) == 1
    assert len(np.unique(matched.edits, axis=0)) == len(matched.edits) < 2 * DRAWS * len(KINDS)


def test_effects_find_what_the_plan_depends_on():
    region = a_region(front=range(16), wrist=range(4))
    prober = FakeProber(np.where(region, 1.0, 0.01), np.ones(128))
    rng = np.random.default_rng(0)
    matched = matched_edits(matched_draws(region, GRID, rng), GRID, rng)
    effects = matched.effects(run_probe(prober, an_observation(), matched.edits).change)
    for kind in ("mean", "zero", "swap"):
        inside, outside = effects[kind]
        assert inside > 10 * outside, kind
    even = FakeProber(np.ones(128), np.ones(128))
    inside, outside = matched.effects(run_probe(even, an_observation(), matched.edits).change)["zero"]
    assert inside == pytest.approx(outside, rel=0.2)


def test_the_causal_map_shows_the_weights():
    weights = np.zeros(128)
    weights[[9, 100]] = [1.0, -2.0]
    prober, seen = FakeProber(weights, np.ones(128)), an_observation()
    change = run_probe(prober, seen, cell_edits(GRID)).change
    assert np.flatnonzero(change).tolist() == [9, 100]
