"""Blind matches are drawn fairly and reproducibly, and both sides see the same scene."""

from collections import Counter

import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.blind.match import Pool, draw, play
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS
from wam_demo.policies.registry import load_policy

POOL = Pool(("a", "b", "c"), ("reach", "push"), ("light", "shove"))


def test_the_same_seed_draws_the_same_matches():
    assert [draw(k, 7, POOL) for k in range(20)] == [draw(k, 7, POOL) for k in range(20)]
    assert [draw(k, 7, POOL) for k in range(20)] != [draw(k, 8, POOL) for k in range(20)]


def test_every_pair_is_played_on_either_side():
    drawn = [draw(k, 0, POOL) for k in range(600)]
    assert all(abs(count - 100) < 30 for count in Counter((m.left, m.right) for m in drawn).values())
    assert len({(m.left, m.right) for m in drawn}) == 6


def test_scenes_are_never_trained_on_and_some_are_nominal():
    drawn = [draw(k, 0, POOL) for k in range(400)]
    assert all(m.scene in EVALUATION_SEEDS for m in drawn)
    assert 60 < sum(m.axis == "none" for m in drawn) < 140
    assert all((m.severity == 0) == (m.axis == "none") for m in drawn)


def test_a_pool_needs_two_policies():
    with pytest.raises(InvalidInputError, match="two policies"):
        Pool(("a",), ("reach",))


def test_both_sides_are_played_on_the_same_scene_with_a_video_each():
    pairing = draw(0, 0, Pool(("expert", "hold"), ("reach",)))
    match = play(pairing, lambda name: None if name == "expert" else load_policy(name), lambda name: None)
    assert match is not None
    expert = match.left if match.left.policy == "expert" else match.right
    assert expert.success
    assert match.instruction
    assert all(side.video[4:8] == b"ftyp" for side in (match.left, match.right))
