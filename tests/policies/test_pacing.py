"""Imaginations rest while plans come late, by a clock that the test moves."""

import pytest

from wam_demo.policies.pacing import LONGEST_REST, QUICK_PLAN_S, Pacing


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def paced(plan_s: float) -> tuple[Pacing, Clock]:
    """After many plans that took so long."""
    clock = Clock()
    pacing = Pacing(clock)
    for _ in range(50):
        pacing.planned(plan_s)
    return pacing, clock


def test_nothing_rests_before_anything_was_late():
    pacing, _ = paced(0.5 * QUICK_PLAN_S)
    pacing.worked(10.0)
    assert pacing.rest_s <= 0


def test_the_rest_grows_with_the_lateness_of_plans_up_to_a_bound():
    pacing, clock = paced(2 * QUICK_PLAN_S)
    pacing.worked(0.05)
    assert pacing.rest_s == pytest.approx(2 * 0.05)
    clock.now += 2 * 0.05
    assert pacing.rest_s <= 1e-9
    pacing, _ = paced(100 * QUICK_PLAN_S)
    pacing.worked(0.05)
    assert pacing.rest_s == pytest.approx(LONGEST_REST * 0.05)


def test_plans_that_are_quick_again_end_the_rests():
    pacing, _ = paced(10 * QUICK_PLAN_S)
    for _ in range(50):
        pacing.planned(0.0)
    pacing.worked(1.0)
    assert pacing.rest_s <= 0
