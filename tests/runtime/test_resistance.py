"""A person hears what holds the arm back."""

import numpy as np

from wam_demo.runtime.resistance import Resistance
from wam_demo.types import STATE_DIM, Observation, StepRecord


def record(step: int, at: float, asked: float, applied: float) -> StepRecord:
    state = np.zeros(STATE_DIM, np.float32)
    state[0] = at
    action, commanded = np.zeros(7, np.float32), np.zeros(7, np.float32)
    action[0], commanded[0] = applied, asked
    return StepRecord(step, Observation({}, state, "", step / 10), action, None, None, (), False, commanded=commanded)


def words(ways) -> str:
    listener = Resistance()
    for step, (at, asked, applied) in enumerate(ways):
        listener.on_step(record(step, at, asked, applied))
    return listener.words


def test_an_arm_that_follows_says_nothing():
    assert words((0.02 * n, 0.02, 0.02) for n in range(6)) == ""
    assert words((0.3, 0.0, 0.0) for n in range(6)) == ""


def test_a_command_that_is_cut_says_so():
    assert "limit" in words([(0.3, 0.02, 0.004)])


def test_pushing_against_something_says_so_until_it_moves_again():
    stuck = [(0.3, 0.02, 0.02)] * 6
    assert "in the way" in words(stuck)
    assert words([*stuck, *((0.3 + 0.02 * n, 0.02, 0.02) for n in range(5))]) == ""
