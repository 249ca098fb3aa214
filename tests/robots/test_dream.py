"""The dream as a source: pose by kinematics, pictures from what it asks, no simulator behind it."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.dreamer import STILL, FakeDreamer, action, at_home, dream_source
from wam_demo.errors import InvalidInputError, PolicyBusy, SourceFault
from wam_demo.policies.dreaming import ANCHOR_STEPS, Doubt
from wam_demo.robots.source import Calibrated, Disturbable, Doubtful, Forkable, Judged, Promptable, Watchable
from wam_demo.sim.controller import WORKSPACE
from wam_demo.sim.integrator import IntegratedArm
from wam_demo.types import CONTROL_HZ


def test_it_can_be_watched_kept_and_prompted_but_knows_no_truth():
    source = dream_source()
    for capability in (Watchable, Forkable, Calibrated, Promptable):
        assert isinstance(source, capability)
    assert not isinstance(source, Judged)
    assert not isinstance(source, Disturbable)
    assert source.clock == "simulated"


def test_it_begins_with_what_was_seen_and_goes_on_with_what_is_imagined():
    dreamer = FakeDreamer()
    source = dream_source(dreamer)
    first = source.reset(7)
    assert set(first.images) == {"front", "wrist"}
    assert (first.images["front"] == 100).all()
    source.apply(action(0.02))
    later = source.observe()
    assert later.time == pytest.approx(3.0 + 1 / CONTROL_HZ)
    assert abs(int(later.images["front"][0, 0, 0]) - 120) <= 1
    assert later.instruction == first.instruction
    assert source.picture().shape == (256, 256, 3)


def test_frames_are_imagined_from_an_anchor_that_is_replaced_by_its_last_frame():
    dreamer = FakeDreamer()
    source = dream_source(dreamer)
    for _ in range(ANCHOR_STEPS + 1):
        source.apply(action(0.01))
    steps = [motion.steps for motion in dreamer.asked]
    assert steps == [*range(1, ANCHOR_STEPS + 1), 1]
    along = [float(motion.displacement[0]) for motion in dreamer.asked]
    np.testing.assert_allclose(along, [*(0.01 * np.arange(1, ANCHOR_STEPS + 1)), 0.01], atol=1e-3)
    assert dreamer.asked[0].anchor.latents is None
    assert dreamer.asked[-1].anchor.latents is not None
    assert dreamer.asked[0].anchor.memory is None
    assert dreamer.asked[-1].anchor.memory == ANCHOR_STEPS
    assert dreamer.asked[-1].anchor.observation.time == pytest.approx(3.0 + ANCHOR_STEPS / CONTROL_HZ)


def test_it_returns_what_limits_and_reach_let_through():
    source = dream_source()
    applied = source.apply(action(1.0, 0, 0, opening=7.0))
    assert applied[0] == pytest.approx(0.05, abs=2e-3)
    assert applied[6] == 1.0
    for _ in range(40):
        applied = source.apply(action(0, 0, -0.05))
    assert source.observe().state[2] >= WORKSPACE[0, 2] - 2e-3
    assert abs(applied[2]) < 1e-3


def test_the_gripper_takes_its_time():
    source = dream_source()
    openings = []
    for _ in range(5):
        source.apply(action(opening=0.0))
        openings.append(float(source.observe().state[9]))
    assert 0 < openings[0] < 0.5
    assert openings == sorted(openings, reverse=True)
    assert openings[-1] < 0.01


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_action_that_is_no_number_moves_nothing(bad):
    source = dream_source()
    before = source.digest()
    with pytest.raises(InvalidInputError, match="finite"):
        source.apply(action(bad))
    assert source.digest() == before
    with pytest.raises(InvalidInputError, match="shape"):
        source.apply(STILL[:3])


def test_a_frame_that_does_not_come_leaves_the_arm_where_it_stood():
    dreamer = FakeDreamer()
    source = dream_source(dreamer)
    before = source.digest()
    dreamer.fault = PolicyBusy("no answer after 2000 ms")
    with pytest.raises(SourceFault, match="the dream stands still: no answer"):
        source.apply(action(0.03))
    assert source.digest() == before
    dreamer.fault = None
    source.apply(action(0.03))
    assert source.observe().state[0] - at_home().state[0] == pytest.approx(0.03, abs=2e-3)


def test_the_same_actions_dream_the_same():
    actions = np.random.default_rng(3).normal(0, 0.02, (12, 7)).astype(np.float32)
    digests = []
    for _ in range(2):
        source = dream_source()
        source.reset(1)
        for each in actions:
            source.apply(each)
        digests.append(source.digest())
    assert digests[0] == digests[1]
    source.reset(1)
    assert source.digest() == dream_source().digest()


def test_a_state_that_was_kept_is_taken_up_again():
    source = dream_source()
    source.apply(action(0.02))
    kept, digest = source.snapshot(), source.digest()
    source.apply(action(0, 0.03))
    after = source.digest()
    source.restore(kept)
    assert source.digest() == digest
    source.apply(action(0, 0.03))
    assert source.digest() == after


def test_words_reach_the_policy_at_once():
    source = dream_source()
    source.prompt("push the blue cube")
    assert source.observe().instruction == "push the blue cube"
    source.apply(STILL)
    assert source.observe().instruction == "push the blue cube"


def test_the_wrist_camera_goes_with_the_hand():
    source = dream_source()
    before = source.camera_poses()
    source.apply(action(0, 0.04))
    after = source.camera_poses()
    np.testing.assert_array_equal(before["front"].position, after["front"].position)
    moved = after["wrist"].position - before["wrist"].position
    np.testing.assert_allclose(moved, [0, 0.04, 0], atol=3e-3)


def test_it_needs_both_cameras_and_a_pose():
    blind = replace(at_home(), images={"front": at_home().images["front"]})
    with pytest.raises(InvalidInputError, match="no wrist"):
        dream_source(start=blind)
    lost = replace(at_home(), state=np.full(17, np.nan, np.float32))
    with pytest.raises(InvalidInputError, match="not finite"):
        dream_source(start=lost)


def test_joints_of_another_arm_do_not_count():
    state = at_home().state.copy()
    state[10:] = 0
    state[:3] += (0.05, 0.02, -0.03)
    np.testing.assert_allclose(IntegratedArm(state).state[:3], state[:3], atol=2e-3)


def test_no_simulated_world_stands_behind_it():
    code = "import sys, wam_demo.robots.dream; print([m for m in sys.modules if m.startswith('wam_demo.sim')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "wam_demo.sim.integrator" in found
    for module in ("world", "scene", "render", "state", "guard"):
        assert f"'wam_demo.sim.{module}'" not in found


def test_the_worst_doubt_so_far_stays_and_comes_back_with_a_snapshot():
    class Doubting(FakeDreamer):
        def dream(self, motion):
            frame = super().dream(motion)
            told = None if motion.steps < ANCHOR_STEPS else Doubt(doubts.pop(0), None)
            return replace(frame, doubt=told)

    doubts = [0.2, 0.1, 0.3]
    source = dream_source(Doubting())
    assert isinstance(source, Doubtful)
    seen = []
    for step in range(3 * ANCHOR_STEPS):
        source.apply(action(0.001))
        seen.append(None if source.doubt is None else source.doubt.amount)
        if step == 2 * ANCHOR_STEPS:
            kept = source.snapshot()
    assert seen == [None] * 3 + [0.2] * 8 + [0.3]
    source.restore(kept)
    assert source.doubt.amount == 0.2
    source.reset(0)
    assert source.doubt is None
