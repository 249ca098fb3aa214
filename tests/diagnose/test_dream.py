"""A dream beside the simulator: what is compared when, and who decides."""

import numpy as np
import pytest

from tests.fakes.dreamer import CALIBRATION, FakeDreamer, action, at_home
from wam_demo.diagnose.dream import LOOKED_AT, SECONDS, score_dreams, where_looked_at
from wam_demo.errors import CheckpointError
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.robots.dream import DreamSource
from wam_demo.types import ActionChunk, Prediction


class Sleeper(FakeDreamer):
    """Dreams that nothing changes, and plans to move along one line."""

    def __init__(self) -> None:
        super().__init__()
        self.planned = []

    def dream(self, motion):
        self.asked.append(motion)
        from wam_demo.policies.dreaming import DreamFrame

        return DreamFrame(motion.anchor.observation.images, 1)

    def predict(self, observations, seeds):
        self.planned += [(round(10 * each.time), seed) for each, seed in zip(observations, seeds, strict=True)]
        return [Prediction(ActionChunk(np.tile(action(0, 0.004), (16, 1))))]


@pytest.fixture(scope="module")
def world():
    from wam_demo.sim.world import World

    world = World("reach")
    yield world
    world.close()


def test_a_dream_in_which_nothing_happens_is_as_good_as_the_first_frame(world):
    policy = Sleeper()
    scores, episodes = score_dreams(policy, world, [500_000], "recorded")
    document = scores.document()
    assert list(document["psnr"]) == list(SECONDS) == ["1.6", "3.2", "6.4", "12.8"]
    assert document["psnr"] == document["psnr_copy_last"]
    assert document["psnr"]["3.2"] < 60  # the arm of the simulator has moved
    assert episodes[0].state_error_m < 0.01
    assert policy.planned == []
    assert len(episodes[0].frame_ms) == LOOKED_AT[-1] // EXECUTE_STEPS


def test_a_policy_decides_on_what_it_dreams(world):
    policy = Sleeper()
    _, episodes = score_dreams(policy, world, [500_001], "policy")
    assert [at for at, _ in policy.planned] == list(range(0, LOOKED_AT[-1], EXECUTE_STEPS))
    assert len({seed for _, seed in policy.planned}) == len(policy.planned)
    assert episodes[0].state_error_m < 0.01


def test_frames_that_nobody_looks_at_change_nothing():
    ends = []
    for sparse in (False, True):
        dreamer = FakeDreamer()
        source = DreamSource(at_home(), where_looked_at(dreamer.ask) if sparse else dreamer.ask, CALIBRATION)
        for step in range(16):
            source.apply(action(0.003 * (step % 3), 0.002))
        ends.append((source.digest(), len(dreamer.asked)))
    (whole, all_asked), (same, few) = ends
    assert whole == same
    assert few == all_asked / EXECUTE_STEPS


def test_weights_without_an_imagination_model_are_refused(world):
    policy = Sleeper()
    policy.calibration = None
    with pytest.raises(CheckpointError, match="no imagination model"):
        score_dreams(policy, world, [500_000], "recorded")
