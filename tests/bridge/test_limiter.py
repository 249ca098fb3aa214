"""Properties of the motion limiter: whatever is wanted, the commanded state keeps every limit and can still stop."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from bridge.limiter import Motion, at_rest, braked, braking_time, limited, stopping_speed, towards
from tests.fakes.arm import gantry_limits

LIMITS, DT = gantry_limits(), 0.02
wishes = some.lists(arrays(np.float64, 4, elements=some.floats(-1e6, 1e6)), min_size=1, max_size=60)
starts = arrays(np.float64, 4, elements=some.floats(0, 1)).map(
    lambda u: LIMITS.lower + u * (LIMITS.upper - LIMITS.lower)
)


def require_kept(before: Motion, after: Motion) -> None:
    assert np.isfinite(after.position).all()
    assert (after.position >= LIMITS.lower).all()
    assert (after.position <= LIMITS.upper).all()
    assert (np.abs(after.velocity) <= LIMITS.velocity + 1e-9).all()
    assert (np.abs(after.velocity - before.velocity) <= LIMITS.acceleration * DT + 1e-9).all()
    assert np.abs((after.position - before.position) / DT - after.velocity).max() < 1e-6


@settings(max_examples=200, deadline=None)
@given(starts, wishes)
def test_every_step_keeps_position_velocity_and_acceleration(start, wanted):
    motion = at_rest(start)
    for wish in wanted:
        after = limited(motion, wish, LIMITS, DT)
        require_kept(motion, after)
        motion = after


@settings(max_examples=200, deadline=None)
@given(starts, wishes)
def test_is_idempotent(start, wanted):
    motion = at_rest(start)
    for wish in wanted:
        after = limited(motion, wish, LIMITS, DT)
        again = limited(motion, after.position, LIMITS, DT)
        np.testing.assert_allclose(again.position, after.position, atol=1e-9)
        motion = after


@settings(max_examples=100, deadline=None)
@given(starts, wishes)
def test_comes_to_rest_in_the_time_it_says(start, wanted):
    motion = at_rest(start)
    for wish in wanted:
        motion = limited(motion, wish, LIMITS, DT)
    for _ in range(int(np.ceil(braking_time(motion, LIMITS) / DT - 1e-9))):
        after = braked(motion, LIMITS, DT)
        require_kept(motion, after)
        motion = after
    assert not motion.moving


@settings(max_examples=100, deadline=None)
@given(starts, starts)
def test_reaches_a_goal_and_never_passes_it(start, goal):
    motion = at_rest(start)
    for _ in range(200):
        motion = towards(motion, goal, LIMITS, DT)
        assert (np.sign(goal - start) * (goal - motion.position) >= -1e-9).all()
    np.testing.assert_allclose(motion.position, goal, atol=1e-3)


def test_a_lower_scale_brakes_instead_of_jumping():
    motion = at_rest(np.array([0.0, 0.0, 0.5, 0.5]))
    far = np.array([0.9, 0.9, 0.5, 0.5])
    for _ in range(10):
        motion = towards(motion, far, LIMITS, DT)
    after = towards(motion, far, LIMITS, DT, scale=0.1)
    require_kept(motion, after)
    assert (after.velocity[:2] < motion.velocity[:2]).all()


@given(some.floats(0, 10), some.floats(0.1, 100))
def test_a_stopping_speed_uses_exactly_the_room(room, acceleration):
    speed = float(stopping_speed(np.array([room]), np.array([acceleration]), DT)[0])
    travelled, current = 0.0, speed
    while current > 1e-12:
        travelled += current * DT
        current = max(0.0, current - acceleration * DT)
    assert abs(travelled - room) < 1e-6 * max(1.0, room)
