"""Receding-horizon execution: which action of which plan is played when."""

from concurrent.futures import Future

import numpy as np
import pytest

from tests.fakes.policies import FakePolicy, observation, prediction
from wam_demo.errors import PolicyFault
from wam_demo.policies.receding import ChunkPlayer, InlinePlanner, LockstepPlayer, PlanBuffer, noise_seed


class Planner:
    """Answers when the test says so."""

    def __init__(self):
        self.asked = []

    def submit(self, item):
        self.asked.append((item, Future()))
        return self.asked[-1][1]

    def answer(self, result):
        future = self.asked[-1][1]
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def test_an_inline_planner_replans_every_four_steps():
    policy = FakePolicy()
    player = ChunkPlayer(InlinePlanner(policy).submit, execute=4)
    played = [player.act(step, observation(time=step)) for step in range(10)]
    assert [p.index for p in played] == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert [p.prediction_step for p in played] == [0] * 4 + [4] * 4 + [8] * 2
    assert played[5].action[0] == pytest.approx(4.001)


def test_the_arm_holds_until_the_first_plan_and_then_plays_all_of_it():
    planner = Planner()
    player = ChunkPlayer(planner.submit)
    waiting = [player.act(step, observation(opening=0.3)) for step in range(3)]
    assert all(p.holding and p.prediction is None for p in waiting)
    np.testing.assert_allclose(waiting[0].action, [0, 0, 0, 0, 0, 0, 0.3])
    planner.answer(prediction())
    assert player.act(3, observation()).index == 0


def test_a_plan_that_arrives_late_starts_at_its_kth_action():
    planner = Planner()
    player = ChunkPlayer(planner.submit)
    player.act(0, observation())
    planner.answer(prediction(1.0))
    for step in range(1, 5):
        player.act(step, observation())
    for step in (5, 6):  # asked at step 5, the old plan goes on
        assert player.act(step, observation()).index == step - 1
    assert len(planner.asked) == 2
    planner.answer(prediction(2.0))
    played = player.act(7, observation())
    assert (played.prediction_step, played.index) == (5, 2)
    assert played.action[0] == pytest.approx(2.002)


def test_the_arm_holds_with_its_gripper_when_the_plan_runs_out():
    planner = Planner()
    player = ChunkPlayer(planner.submit)
    player.act(0, observation())
    planner.answer(prediction(gripper=0.0))
    played = [player.act(step, observation()) for step in range(1, 19)]
    assert played[15].index == 15
    assert played[16].holding
    np.testing.assert_array_equal(played[16].action, np.zeros(7))


def test_a_fault_holds_the_arm_says_why_and_asks_again():
    planner = Planner()
    player = ChunkPlayer(planner.submit)
    player.act(0, observation())
    planner.answer(prediction())
    for step in range(1, 6):
        player.act(step, observation())
    planner.answer(PolicyFault("the plan holds values that are not finite"))
    played = player.act(6, observation())
    assert played.holding
    assert played.fault == "the plan holds values that are not finite"
    assert len(planner.asked) == 3
    planner.answer(prediction(3.0))
    after = player.act(7, observation())
    assert after.fault is None
    assert after.action[0] == pytest.approx(3.0)


def test_close_withdraws_the_pending_request():
    planner = Planner()
    player = ChunkPlayer(planner.submit)
    player.act(0, observation())
    player.close()
    assert planner.asked[0][1].cancelled()


def test_simulated_latency_plays_the_old_plan_until_the_new_one_is_ready():
    buffer = PlanBuffer()
    rows = []
    for step in range(12):
        if step % 4 == 0:
            buffer.add(prediction(float(step)), step, ready=step + 2)
        rows.append(buffer.play(step, observation()))
    assert [r.holding for r in rows[:3]] == [True, True, False]
    assert [r.index for r in rows[2:6]] == [0, 1, 2, 3]
    assert (rows[6].prediction_step, rows[6].index) == (4, 2)


def test_in_lockstep_every_plan_is_awaited_and_its_noise_follows_from_seed_and_step():
    asked = []

    def submit(seen, seed):
        asked.append(seed)
        future = Future()
        future.set_result(prediction(float(len(asked))))
        return future

    player = LockstepPlayer(submit, seed=7)
    rows = []
    for step in range(9):
        player.ask(step, observation())
        player.collect(step)
        rows.append(player.play(step, observation()))
    assert [row.index for row in rows] == [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert [row.prediction_step for row in rows] == [0] * 4 + [4] * 4 + [8]
    assert asked == [noise_seed(7, step) for step in (0, 4, 8)]
    assert len(set(asked)) == 3


@pytest.mark.parametrize("execute", [0, 17])
def test_execute_is_bounded(execute):
    with pytest.raises(ValueError, match="execute"):
        ChunkPlayer(Planner().submit, execute)


def test_inline_planner_turns_bad_answers_into_faults():
    planner = InlinePlanner(FakePolicy())
    with pytest.raises(PolicyFault, match="not finite"):
        planner.submit(observation(instruction="nan")).result(0)
