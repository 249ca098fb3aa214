"""Weakened policies: each is worse in the one way that its name says, and the same way every time."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.wam_checkpoint import an_observation
from wam_demo.errors import UnknownNameError
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.policies.weakened import WEAKNESSES, WeakenedDriver, Weakness, weakness
from wam_demo.types import ActionChunk, Prediction


class Recorder:
    """Plans the same motion always, and keeps what it was shown."""

    def __init__(self):
        self.shown, self.seeds = [], []

    def predict(self, observations, seeds):
        self.shown += observations
        self.seeds += seeds
        return [Prediction(ActionChunk(np.full((16, 7), 0.01, np.float32)))]


def course(weak, plans=4, seed=3):
    """What is done and what was shown over some plans, the k-th picture grey value k."""
    policy = Recorder()
    driver, done = WeakenedDriver(policy, weak, seed), []
    for number in range(plans):
        images = dict.fromkeys(("front", "wrist"), np.full((8, 8, 3), number % 256, np.uint8))
        state = np.full(17, number, np.float32)
        now = replace(an_observation(), images=images, state=state, time=0.4 * number)
        done.append(driver.plan(now))
    return np.stack(done), policy


def test_without_a_weakness_it_is_the_policy():
    done, policy = course(Weakness())
    assert done.shape == (4, EXECUTE_STEPS, 7)
    assert (done == np.float32(0.01)).all()
    assert [int(seen.images["front"][0, 0, 0]) for seen in policy.shown] == [0, 1, 2, 3]
    assert policy.seeds == [3000, 3004, 3008, 3012]


def test_noise_is_of_its_size_and_follows_from_the_seed():
    done, _ = course(WEAKNESSES["noise40"], plans=400)
    assert np.std(done[..., :3]) == pytest.approx(0.04, rel=0.1)
    assert (done[..., 3:] == np.float32(0.01)).all()
    np.testing.assert_array_equal(done, course(WEAKNESSES["noise40"], plans=400)[0])
    assert not np.array_equal(done, course(WEAKNESSES["noise40"], plans=400, seed=4)[0])


def test_gain_opening_and_delay():
    done, _ = course(WEAKNESSES["gain30"])
    np.testing.assert_allclose(done[..., :6], 0.003, rtol=1e-5)
    assert (done[..., 6] == np.float32(0.01)).all()
    assert (course(WEAKNESSES["closed"])[0][..., 6] == 0).all()
    assert (course(WEAKNESSES["open"])[0][..., 6] == 1).all()
    _, policy = course(WEAKNESSES["delay3"], plans=6)
    assert [int(seen.images["front"][0, 0, 0]) for seen in policy.shown] == [0, 0, 0, 0, 1, 2]
    assert [int(seen.state[0]) for seen in policy.shown] == [0, 1, 2, 3, 4, 5]


def test_a_blurred_policy_sees_less():
    policy = Recorder()
    sharp = an_observation()
    WeakenedDriver(policy, WEAKNESSES["blur6"], 0).plan(sharp)
    assert policy.shown[0].images["front"].std() < 0.5 * sharp.images["front"].std()
    assert sharp.images["front"].shape == policy.shown[0].images["front"].shape


def test_names():
    assert weakness("agra") == ("agra", Weakness())
    assert weakness("wam+gain60") == ("wam", Weakness(gain=0.6))
    with pytest.raises(UnknownNameError, match="noise20"):
        weakness("agra+noise2")
