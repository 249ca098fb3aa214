"""What can be evaluated, and on which seeds."""

import pytest

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS, EpisodeResult, evaluation_seeds
from wam_demo.evaluate.specs.grid import GridSpec


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"policies": ("agr",)}, UnknownNameError, "did you mean 'agra'"),
        ({"tasks": ("pick_plac",)}, UnknownNameError, "did you mean 'pick_place'"),
        ({"axes": ("lihgt",), "severities": (1,)}, UnknownNameError, "did you mean 'light'"),
        ({"axes": ("light",), "severities": (0,)}, InvalidInputError, "severity must be in 1"),
        ({"episodes": 0}, InvalidInputError, "episodes must be in 1"),
        ({"seed": 50}, InvalidInputError, "seed must be in 0"),
        ({"execute": 17}, InvalidInputError, "execute must be in 1"),
        ({"instruction": "x" * 10_000}, InvalidInputError, "10000 characters"),
        ({"policies": ("expert",), "latency": 2}, InvalidInputError, "without latency"),
    ],
)
def test_conditions_that_cannot_be_run_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        GridSpec(**{"policies": ("hold",), **changes}).validated()


def test_runs_do_not_share_scenes_and_demonstrations_never_use_them():
    from wam_demo.data.plan import FIRST_SEED

    seeds = [set(evaluation_seeds(seed, 10_000)) for seed in (0, 1, 49)]
    assert not (seeds[0] & seeds[1])
    assert max(seeds[2]) == EVALUATION_SEEDS[-1] < FIRST_SEED


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [("success", True), ("timeout", True), ("policy_fault", True), ("sim_fault", False), ("policy_busy", False)],
)
def test_what_says_nothing_about_a_policy_does_not_count(outcome, counts):
    assert EpisodeResult("push", 500_000, False, False, 3, outcome).counts == counts
