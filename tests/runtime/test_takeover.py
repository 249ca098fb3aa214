"""Taking the arm from a policy, sharing it, giving it back: at once, without a jump, with a new plan."""

from concurrent.futures import Future

import numpy as np
import pytest

from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M, DRIVE_COMMAND_AGE_S
from wam_demo.policies.receding import ChunkPlayer
from wam_demo.runtime.dragging import meet
from wam_demo.runtime.person import Drag, Person, PersonCommand
from wam_demo.runtime.takeover import TakeoverAgent, level_axes
from wam_demo.types import STATE_DIM, ActionChunk, CameraPose, Observation, Prediction

LIMITS = np.array([*[ACTION_TRANSLATION_M] * 3, *[ACTION_ROTATION_RAD] * 3])


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(step: int, opening: float = 1.0, tcp=(0.5, 0.0, 0.3)) -> Observation:
    state = np.zeros(STATE_DIM, np.float32)
    state[:3], state[9] = tcp, opening
    return Observation({}, state, "go", step / 10)


class Planner:
    """Answers at once with a fast motion; keeps what it was asked about."""

    def __init__(self, step=(0.05, -0.05, 0.0), gripper: float = 0.0) -> None:
        self.asked: list[float] = []
        self.actions = np.zeros((16, 7), np.float32)
        self.actions[:, :3], self.actions[:, 6] = step, gripper

    def submit(self, observation: Observation) -> Future:
        self.asked.append(observation.time)
        future: Future = Future()
        future.set_result(Prediction(ActionChunk(self.actions)))
        return future


class Driving:
    """An agent driven step by step, 0.1 s each."""

    def __init__(self, poses=dict, **plan) -> None:
        self.time, self.planner, self.step, self.count = Time(), Planner(**plan), 0, 0
        self.person = Person(self.time)
        self.agent = TakeoverAgent(ChunkPlayer(self.planner.submit), self.person, poses)

    def hold(self, velocity=(0.0, 0.0, 0.0), held: bool = True, **more) -> None:
        self.count += 1
        self.person.put(PersonCommand(self.count, held, np.array([*velocity, 0, 0, 0], np.float32), **more))

    def act(self, **state):
        played = self.agent.act(self.step, seen(self.step, **state))
        self.step, self.time.now = self.step + 1, self.time.now + 0.1
        return played


def test_until_somebody_touches_a_control_it_is_the_policy():
    driving = Driving()
    alone = ChunkPlayer(Planner().submit)
    for step in range(10):
        played, expected = driving.act(), alone.act(step, seen(step))
        np.testing.assert_array_equal(played.action, expected.action)
        assert (played.person_weight, played.index) == (0.0, expected.index)


def test_the_arm_is_the_persons_at_the_next_control_step_and_stands_when_they_let_go():
    driving = Driving()
    driving.act()
    driving.hold((-0.1, 0.0, 0.2))
    played = driving.act()
    assert (played.person_weight, driving.agent.state.person, driving.agent.state.acted) == (1.0, True, 1)
    np.testing.assert_allclose(driving.act().action[:3], [-0.01, 0, 0.02], atol=1e-6)
    driving.hold(held=False)
    for _ in range(5):
        still = driving.act()
        assert not still.action[:6].any()
        assert still.person_weight == 1.0


def test_the_gripper_stays_as_it_was_commanded_until_the_person_says_otherwise():
    driving = Driving(gripper=0.3)
    driving.act()
    driving.hold((0.1, 0, 0))
    assert driving.act(opening=0.9).action[6] == pytest.approx(0.3)
    driving.hold((0.1, 0, 0), gripper=1.0)
    assert driving.act().action[6] == 1.0
    driving.agent.give_back()
    driving.planner.actions[:, 6] = 0.0
    assert driving.act().action[6] == 0.0  # the new plan's own


def test_a_command_that_is_too_old_moves_nothing():
    driving = Driving()
    driving.hold((0.1, 0, 0))
    driving.act()
    driving.time.now += DRIVE_COMMAND_AGE_S
    assert not driving.act().action[:6].any()
    assert driving.agent.state.person  # the policy does not take it back by itself


def test_a_tap_between_two_control_steps_moves_one_step():
    driving = Driving()
    driving.hold((0.0, 0.2, 0))
    driving.hold(held=False)
    np.testing.assert_allclose(driving.act().action[:3], [0, 0.02, 0], atol=1e-6)
    assert not driving.act().action[:6].any()


def test_an_overtaken_command_is_dropped_and_a_page_that_counts_anew_is_heard():
    driving = Driving()
    driving.person.put(PersonCommand(500, False, np.zeros(6, np.float32)))
    driving.person.put(PersonCommand(499, True, np.ones(6, np.float32)))
    assert driving.act().person_weight == 0
    driving.person.put(PersonCommand(1, True, np.ones(6, np.float32)))
    assert driving.act().person_weight == 1


def test_the_policy_plans_beside_the_person_and_plans_anew_when_it_gets_the_arm_back():
    driving = Driving()
    for _ in range(8):
        driving.hold((0.0, 0.1, 0))
        played = driving.act()
        assert played.prediction is not None
    assert driving.planner.asked == [0.0, 0.4]
    driving.act()
    driving.agent.give_back()
    at = driving.step / 10
    played = driving.act()
    assert driving.planner.asked[-1] == at
    assert (played.prediction_step, played.index, played.person_weight) == (driving.step - 1, 0, 0.0)


def test_twenty_takeovers_never_jump_by_more_than_one_steps_limit():
    driving, rng = Driving(), np.random.default_rng(0)
    actions, late = [driving.act().action], []
    for _ in range(20):
        driving.hold(rng.choice([-0.4, 0.4], 3))
        taken = driving.step
        for _ in range(int(rng.integers(1, 6))):
            played = driving.act()
            late += [taken] if played.person_weight != 1 else []
            actions.append(played.action)
            driving.hold(rng.choice([-0.4, 0.4], 3))
        driving.hold(held=False)
        driving.agent.give_back()
        driving.planner.actions = driving.planner.actions * [-1, -1, -1, 1, 1, 1, 1]
        actions += [driving.act().action for _ in range(int(rng.integers(1, 6)))]
    assert driving.agent.state.takeovers == 20
    assert late == []
    jumps = np.abs(np.diff(np.stack(actions)[:, :6], axis=0))
    assert (jumps <= LIMITS * (1 + 1e-6)).all()
    assert jumps.max() > 0.04  # there was something to steady


def test_a_share_blends_while_a_control_is_held_and_the_policy_goes_on_alone_without():
    driving = Driving(step=(0.02, 0.0, 0.0))
    driving.act()
    driving.agent.share(0.25)
    driving.hold((0.0, 0.4, 0.0))
    played = driving.act()
    np.testing.assert_allclose(played.action[:3], [0.015, 0.01, 0], atol=1e-6)
    assert played.person_weight == 0.25
    driving.hold(held=False)
    played = driving.act()
    np.testing.assert_allclose(played.action[:3], [0.02, 0, 0], atol=1e-6)
    assert played.person_weight == 0


def facing(position, towards) -> CameraPose:
    backward = np.array(position) - np.array(towards)
    backward = backward / np.linalg.norm(backward)
    right = np.cross([0, 0, 1], backward)
    right = right / np.linalg.norm(right)
    rotation = np.stack([right, np.cross(backward, right), backward], axis=1)
    return CameraPose(np.array(position, np.float32), rotation.astype(np.float32), 0.4)


def test_away_and_left_are_the_cameras_own():
    opposite = facing((1.2, 0.0, 0.8), (0.5, 0.0, 0.0))  # it looks at the robot
    np.testing.assert_allclose(level_axes(opposite) @ [1, 0], [-1, 0], atol=1e-6)
    np.testing.assert_allclose(level_axes(opposite) @ [0, 1], [0, -1], atol=1e-6)
    driving = Driving(poses=lambda: {"front": opposite})
    driving.hold((0.1, 0.2, 0.3), frame="camera")
    np.testing.assert_allclose(driving.act().action[:3], [-0.01, -0.02, 0.03], atol=1e-6)


def test_the_gripper_follows_the_pointer_on_a_level_plane():
    camera = facing((1.2, 0.0, 0.8), (0.5, 0.0, 0.0))
    driving = Driving(poses=lambda: {"front": camera})
    tcp = np.array([0.5, 0.0, 0.3])
    start = meet(camera, (0.5, 0.5), 0.3)
    goal = tcp + meet(camera, (0.7, 0.4), 0.3) - start + [0, 0, 0.05]
    for number in range(40):
        at, lift = ((0.5, 0.5), 0.0) if number == 0 else ((0.7, 0.4), 0.05)
        driving.hold(drag=Drag(1, at, lift, 0.3))
        moved = driving.act(tcp=tcp).action[:3]
        assert np.linalg.norm(moved) <= 0.03 + 1e-6
        tcp = tcp + moved
    np.testing.assert_allclose(tcp, goal, atol=1e-4)


def test_the_person_keeps_the_arm_when_the_next_episode_begins():
    driving = Driving()
    driving.hold((0.1, 0, 0))
    driving.act()
    following = Driving()
    following.agent.go_on(driving.agent.state)
    assert following.act().person_weight == 1.0
    assert following.agent.state.takeovers == 0
