"""A logged attempt played again in the simulator: bit for bit the same states."""

from dataclasses import replace

import pytest

from wam_demo.errors import InvalidInputError
from wam_demo.policies.receding import InlinePlanner
from wam_demo.policies.scripted import ExpertPolicy
from wam_demo.runtime.attempt import Attempt
from wam_demo.runtime.contracts import Planner
from wam_demo.runtime.disturb import Disturber
from wam_demo.runtime.log import AttemptLog
from wam_demo.runtime.logfile import format_log, parse_log
from wam_demo.runtime.replay import Tape, replay
from wam_demo.sim import perturb
from wam_demo.sim.world import World

STEPS = 32


def expert_planner(world: World) -> Planner:
    return Planner(InlinePlanner(ExpertPolicy(world)).submit)


@pytest.fixture(scope="module")
def recorded() -> tuple[AttemptLog, list[str]]:
    """A disturbed attempt of the expert, and the fingerprint of the world after every step."""
    world, disturber = World("pick_place"), Disturber(perturb.sample)
    disturber.severities = {"light": 3, "delay": 1}
    attempt = Attempt(world, expert_planner(world), 5, 150, disturber.at_reset(5, world))
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
        attempt.begin(world.render("front", 256))
        attempt.finish()
        states.append(world.digest())
    log = attempt.recorder.log("expert", None, None)
    world.close()
    return parse_log(format_log([log]), ["pick_place"])[0], states


def _anywhere(attempt: Attempt) -> Attempt:
    """Wherever one drags, the target is meant."""
    target = attempt.world.assignment.target
    attempt.world.pick = lambda *_: target  # type: ignore[method-assign]
    return attempt


def test_the_log_holds_every_disturbance(recorded):
    log, _ = recorded
    kinds = [(event.step, event.kind) for event in log.events]
    assert kinds[:2] == [(0, "light"), (0, "delay")]
    assert [kind for step, kind in kinds if step == 9] == ["distractor", "noise"]
    assert {(4, "shove"), (15, "swap_target"), (15, "language"), (20, "light")} <= set(kinds)


def test_a_fresh_world_goes_through_the_same_states(recorded):
    log, _ = recorded
    world = World("pick_place")
    result = replay(log, world)
    assert (result.steps, result.checked, result.differs) == (STEPS, STEPS // 10 + 2, None)
    assert "5 of 5 states agree to the last bit" in result.verdict
    world.close()


def test_the_live_replay_agrees_after_every_step(recorded):
    log, states = recorded
    world, tape = World("pick_place"), Tape(log)
    world.draw(77)  # whatever it did before
    attempt = Attempt(world, expert_planner(world), log.seed, log.horizon, tape.perturbations, tape)
    for state in states:
        attempt.prepare()
        attempt.begin(world.render("front", 256))
        attempt.finish()
        assert world.digest() == state
    assert attempt.outcome is not None
    assert attempt.outcome.name == "replayed"
    assert tape.differs is None
    world.close()


def test_another_action_is_noticed(recorded):
    log, _ = recorded
    steps = list(log.steps)
    action = steps[13].action.copy()
    action[0] += 1e-6
    steps[13] = replace(steps[13], action=action)
    world = World("pick_place")
    result = replay(replace(log, steps=tuple(steps)), world)
    assert result.differs == 20
    assert "differs from its log at step 20" in result.verdict
    world.close()


def test_an_event_that_cannot_be_applied_is_refused_with_its_line(recorded):
    log, _ = recorded
    world = World("pick_place")
    for index in (0, 2):
        events = list(log.events)
        events[index] = replace(events[index], asked={"severity": 9})
        with pytest.raises(InvalidInputError, match=f"^line {log.events[index].line}: severity is 9"):
            replay(replace(log, events=tuple(events)), world)
    assert replay(log, world).differs is None
    world.close()
