"""A logged attempt played again in the simulator: bit for bit the same states."""

from dataclasses import replace

import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.policies.receding import InlinePlanner
from wam_demo.policies.scripted import ExpertPolicy
from wam_demo.robots.simulator import SimulatorSource, simulator
from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.contracts import Planner
from wam_demo.runtime.disturb import Disturber
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.logfile import format_log, parse_log
from wam_demo.runtime.replay import replay
from wam_demo.sim import perturb

STEPS = 32


def expert_planner(source: SimulatorSource) -> Planner:
    return Planner(InlinePlanner(ExpertPolicy(source.world)).submit)


@pytest.fixture(scope="module")
def recorded() -> tuple[AttemptLog, list[str]]:
    """A disturbed attempt of the expert, and the fingerprint of the world after every step."""
    source, disturber = simulator("pick_place"), Disturber(perturb.sample)
    disturber.severities = {"light": 3, "delay": 1, "swap_target": 1}
    attempt = Attempt(source, expert_planner(source), "pick_place", 5, 150, disturber.at_reset(5))
    states = []
    for step in range(STEPS):
        if step == 4:
            disturber.apply("shove", {"camera": "front", "from": (0.5, 0.5), "to": (0.6, 0.55)}, _anywhere(attempt))
        if step == 9:
            disturber.apply("distractor", {"camera": "front", "at": (0.3, 0.8)}, attempt)
            disturber.apply("axis", {"axis": "noise", "severity": 2}, attempt)
        if step == 15:
            disturber.apply("swap_target", {}, attempt)
            attempt.disturb("language", {"text": "leave it"})
        if step == 20:
            disturber.apply("clear", {}, attempt)
        attempt.begin()
        attempt.finish()
        states.append(source.digest())
    log = attempt.recorder.log("expert", None, None)
    source.close()
    return parse_log(format_log([log]), ["pick_place"])[0], states


@pytest.fixture
def fresh():
    source = simulator("pick_place", images=False)
    yield source
    source.close()


def _anywhere(attempt: Attempt) -> Attempt:
    """Wherever one drags, the target is meant."""
    target = attempt.source.world.assignment.target
    attempt.source.pick = lambda *_: target
    return attempt


def test_the_log_holds_every_disturbance(recorded):
    log, _ = recorded
    kinds = [(event.step, event.kind) for event in log.events]
    assert kinds[:2] == [(0, "light"), (0, "delay")]
    assert kinds[2][0] > 0  # a disturbance of the reset that waits for its step
    assert log.events[2].at_reset
    assert [kind for step, kind in kinds if step == 9] == ["distractor", "noise"]
    assert {(4, "shove"), (15, "swap_target"), (15, "language"), (20, "light")} <= set(kinds)


def test_a_fresh_source_goes_through_the_same_states(recorded, fresh):
    log, _ = recorded
    result = replay(log, fresh)
    assert (result.steps, result.checked, result.differs, result.exact) == (STEPS, STEPS // 10 + 2, None, True)
    assert "5 of 5 states agree to the last bit" in result.verdict


def test_the_live_replay_agrees_after_every_step(recorded):
    log, states = recorded
    source = simulator("pick_place")
    source.reset(77)  # whatever it did before
    attempt = Attempt(source, expert_planner(source), log.task, log.seed, log.horizon, replay=log)
    for state in states:
        attempt.begin()
        attempt.finish()
        assert source.digest() == state
    assert attempt.outcome is not None
    assert attempt.outcome.name == "replayed"
    assert attempt.replay is not None
    assert attempt.replay.exact
    source.close()


def test_another_action_is_noticed(recorded, fresh):
    log, _ = recorded
    steps = list(log.steps)
    action = steps[13].action.copy()
    action[0] += 1e-6
    steps[13] = replace(steps[13], action=action)
    result = replay(replace(log, steps=tuple(steps)), fresh)
    assert (result.differs, result.exact) == (20, False)
    assert "differs from its log at step 20" in result.verdict


def test_an_event_that_cannot_be_applied_ends_the_replay_with_its_line(recorded, fresh):
    log, _ = recorded
    events = list(log.events)
    index = next(i for i, event in enumerate(events) if event.step == 9)
    events[index] = replace(events[index], asked={"severity": 9})
    result = replay(replace(log, events=tuple(events)), fresh)
    assert (result.steps, result.exact) == (9, False)
    assert f"could not be replayed: line {events[index].line}: severity is 9" in result.verdict
    assert replay(log, fresh).exact


@pytest.mark.parametrize("index", [0, 2])
def test_an_event_of_the_reset_that_cannot_be_applied_is_refused_before_the_first_step(recorded, fresh, index):
    """Also one that waits for its step: it must not raise in the middle of an episode."""
    log, _ = recorded
    events = list(log.events)
    events[index] = replace(events[index], asked={"severity": 9})
    with pytest.raises(InvalidInputError, match=f"^line {log.events[0].line}: severity is 9"):
        replay(replace(log, events=tuple(events)), fresh)
    assert replay(log, fresh).exact


def test_without_states_nothing_is_called_exact(recorded, fresh):
    log, _ = recorded
    bare = replace(log, steps=[replace(step, state=None) for step in log.steps[:5]], events=(), final=None)
    result = replay(bare, fresh)
    assert (result.steps, result.checked, result.differs, result.exact) == (5, 0, None, False)
    assert "nothing could be compared" in result.verdict
