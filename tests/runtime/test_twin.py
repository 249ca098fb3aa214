"""The counterfactual twin in the simulator: nothing different without a disturbance, everything given back."""

import numpy as np
import pytest

from tests.fakes.brain import plan
from tests.fakes.dreamer import FakeDreamer, dream_source
from tests.runtime.test_replay import expert_planner
from wam_demo.errors import PolicyFault, SourceFault
from wam_demo.policies.receding import InlinePlanner
from wam_demo.robots.simulator import simulator
from wam_demo.runtime.contracts import Planner
from wam_demo.runtime.fork import Fork, forked
from wam_demo.runtime.twin import with_and_without, with_its_dream
from wam_demo.types import Event, Prediction

HORIZON = 150


@pytest.fixture
def pair():
    sources = simulator("pick_place"), simulator("pick_place")
    yield sources
    for source in sources:
        source.close()


def here(source) -> Fork:
    return Fork(source.snapshot(), source.world.step_count)


class SeesAndShakes:
    """A plan that depends on every pixel and on the noise: any difference would show."""

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def __call__(self, observation, seed):
        self.seeds.append(seed)
        noise = np.random.default_rng(seed).normal(0, 0.01, (16, 7)).astype(np.float32)
        seen = sum(float(image.mean()) for image in observation.images.values())
        chunk = plan(observation).chunk
        chunk.actions[:, :3] += noise[:, :3] + 1e-4 * np.float32(seen)
        return InlinePlanner(_Says(Prediction(chunk))).submit(observation)


class _Says:
    def __init__(self, prediction) -> None:
        self._prediction = prediction

    def predict(self, observations, seeds):
        return [self._prediction for _ in observations]


def test_without_a_disturbance_both_stay_identical_for_a_whole_episode(pair):
    own, spare = pair
    own.reset(5)
    own.disturb("noise", {"severity": 2, "seed": 1})
    twin = with_and_without(own, spare, expert_planner, own.world.seed, here(own), HORIZON)
    while not twin.ended:
        twin.advance()
        assert own.digest() == spare.digest()
    view = twin.view({})
    np.testing.assert_array_equal(*view.frames)
    assert all((gap.action, gap.gripper, gap.tool) == (0, 0, 0) for gap in view.divergences)
    assert view.outcomes[0] == view.outcomes[1]
    assert view.outcomes[0].name == "success"
    twin.close()


def test_a_policy_that_sees_and_draws_noise_gets_the_same_of_both(pair):
    own, spare = pair
    own.reset(6)
    sees = SeesAndShakes()
    asks = Planner(lambda seen: pytest.fail("not in lock-step"), lockstep=sees)
    twin = with_and_without(own, spare, lambda source: asks, own.world.seed, here(own), HORIZON)
    for _ in range(24):
        twin.advance()
    assert own.digest() == spare.digest()
    assert len(sees.seeds) == 12
    assert sees.seeds[::2] == sees.seeds[1::2]
    assert len(set(sees.seeds)) == 6
    twin.close()


def test_the_fork_undoes_one_disturbance_and_the_course_is_given_back(pair):
    own, spare = pair
    own.reset(5)
    for _ in range(6):
        own.apply(np.array([0.01, 0, 0, 0, 0, 0, 1.0], np.float32))
    before = own.digest()
    asked = {"object": own.world.assignment.target, "offset": [0.0, -0.06]}
    fork = forked(None, Event(6, "shove", asked), own)
    own.disturb("shove", asked)
    for _ in range(4):
        own.apply(np.array([0, 0.01, 0, 0, 0, 0, 1.0], np.float32))
    now = own.digest()
    twin = with_and_without(own, spare, expert_planner, 5, fork, HORIZON)
    assert spare.digest() == before
    assert own.digest() not in (before, now)
    view = twin.view({})
    assert (view.forked, view.step, [event.kind for event in view.events]) == (6, 6, ["shove"])
    for _ in range(25):
        twin.advance()
    gaps = twin.view({}).divergences
    assert [gap.step for gap in gaps] == list(range(6, 31))
    assert max(gap.tool for gap in gaps) > 0.02
    assert max(gap.action for gap in gaps) > 0.005
    twin.close()
    assert own.digest() == now


def test_closing_frees_the_second_simulator(pair):
    own, spare = pair
    own.reset(1)
    twin = with_and_without(own, spare, expert_planner, own.world.seed, here(own), HORIZON)
    closed = []
    spare.close = lambda: closed.append(spare)
    twin.close()
    assert closed == [spare]


def test_a_policy_without_an_answer_moves_neither_and_may_be_asked_again(pair):
    own, spare = pair
    own.reset(2)
    calls = []

    def sometimes(observation, seed):
        calls.append(seed)
        prediction = plan(observation)
        if len(calls) == 2:
            prediction.chunk.actions[:] = np.nan
        return InlinePlanner(_Says(prediction)).submit(observation)

    twin = with_and_without(
        own, spare, lambda source: Planner(lambda seen: None, lockstep=sometimes), own.world.seed, here(own), HORIZON
    )
    with pytest.raises(PolicyFault, match="not finite"):
        twin.advance()
    assert (own.world.step_count, spare.world.step_count) == (0, 0)
    twin.advance()
    assert own.digest() == spare.digest()
    assert len(set(calls)) == 1
    twin.close()


def test_a_slider_that_passes_values_is_one_disturbance(pair):
    source = pair[0]
    source.reset(3)
    fork = None
    for step, severity in enumerate((1, 2, 3)):
        asked = {"severity": severity, "seed": 0}
        fork = forked(fork, Event(step, "light", asked), source)
        source.disturb("light", asked)
        source.apply(np.array([0, 0, 0, 0, 0, 0, 1.0], np.float32))
    assert (fork.step, len(fork.asked)) == (0, 3)
    target = source.world.assignment.target
    later = forked(fork, Event(3, "shove", {"object": target, "offset": [0.02, 0]}), source)
    assert (later.step, [event.kind for event in later.asked]) == (3, ["shove"])


def test_a_dream_gets_the_same_actions_and_its_hand_stays_with_the_real_one(pair):
    own = pair[0]
    own.reset(5)
    before = own.digest()
    twin = with_its_dream(own, dream_source(start=own.observe()), expert_planner(own), 5, 0, HORIZON, "same")
    for _ in range(20):
        twin.advance()
    view = twin.view({})
    assert (view.dream, view.forked, view.step) == ("same", 0, 20)
    assert [gap.step for gap in view.divergences] == list(range(20))
    assert all((gap.action, gap.gripper) == (0, 0) for gap in view.divergences)
    assert 0 < max(gap.tool for gap in view.divergences) < 0.02
    assert all(0 < gap.picture < 1 for gap in view.divergences)
    assert [gap.expected is None for gap in view.divergences] == [True] * 3 + [False] * 17
    assert not np.array_equal(*view.frames)
    twin.close()
    assert own.digest() == before


def test_what_is_done_to_reality_does_not_reach_its_dream(pair):
    own = pair[0]
    own.reset(5)
    twin = with_its_dream(own, dream_source(start=own.observe()), expert_planner(own), 5, 0, HORIZON, "same")
    twin.advance()
    dreamt = twin.view({}).frames[1]
    twin.disturb("shove", {"object": own.world.assignment.target, "offset": [0.0, -0.06]})
    view = twin.view({})
    assert ([event.kind for event in view.events], view.forked, len(view.divergences)) == (["shove"], 0, 1)
    np.testing.assert_array_equal(view.frames[1], dreamt)
    twin.close()


def test_a_dream_that_plans_for_itself_is_asked_about_what_it_imagines(pair):
    own = pair[0]
    own.reset(5)
    seen = []

    def asked(observation, seed):
        seen.append((seed, observation.images["front"]))
        return InlinePlanner(_Says(plan(observation))).submit(observation)

    source = dream_source(start=own.observe())
    twin = with_its_dream(own, source, Planner(lambda seen: None, lockstep=asked), 5, 0, HORIZON, "own")
    for _ in range(5):
        twin.advance()
    (first, real), (second, dreamt) = seen[-2:]
    assert first == second, "the same noise"
    np.testing.assert_array_equal(dreamt, np.full_like(dreamt, dreamt[0, 0, 0]))  # it dreams in grey
    assert real.std() > 1
    twin.close()


def test_reality_waits_for_a_dream_that_could_not_follow(pair):
    own, dreamer = pair[0], FakeDreamer()
    own.reset(5)
    source = dream_source(dreamer, start=own.observe())
    twin = with_its_dream(own, source, expert_planner(own), 5, 0, HORIZON, "same")
    twin.advance()
    dreamer.fault = PolicyFault("too much to do")
    for _ in range(3):
        with pytest.raises(SourceFault, match="too much to do"):
            twin.advance()
    assert own.world.step_count == 2
    dreamer.fault = None
    twin.advance()
    assert own.world.step_count == 2
    assert [gap.step for gap in twin.view({}).divergences] == [0, 1]
    assert max(gap.action for gap in twin.view({}).divergences) == 0
    twin.close()


@pytest.mark.slow
def test_the_shipped_policy_does_the_same_twice_for_a_whole_episode(pair):
    from wam_demo.policies.engines import engines
    from wam_demo.ui.shared.catalogue import shipped

    own, spare = pair
    own.reset(11)
    backend = shipped().backend
    twin = with_and_without(
        own, spare, lambda source: backend.open_planner("agra", source), own.world.seed, here(own), HORIZON
    )
    noise = engines.get("agra")
    other = own.observe()
    steps = 0
    while not twin.ended:
        busy = [noise.submit(other) for _ in range(steps % 3)]  # other visitors, who must not matter
        twin.advance()
        steps += 1
        assert own.digest() == spare.digest(), f"step {steps}"
        for future in busy:
            future.exception()  # their own deadline may pass on a busy machine
    assert twin.view({}).outcomes[0] == twin.view({}).outcomes[1]
    print(f"{steps} steps, {twin.view({}).outcomes[0]}")
    twin.close()
    engines.close()
