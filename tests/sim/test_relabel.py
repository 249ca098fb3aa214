"""Episodes driven by a learner: the frames are its own, the labels are the expert's."""

import numpy as np
import pytest

from wam_demo.sim.labels import expert_chunk
from wam_demo.sim.relabel import relabel
from wam_demo.sim.world import World
from wam_demo.types import POLICY_CAMERAS as CAMERAS

SEED = 1_234_567


@pytest.fixture(scope="module")
def world():
    world = World("pick_place")
    yield world
    world.close()


def test_a_driver_that_holds_goes_nowhere_and_is_told_where_to_go(world):
    hold = np.tile(np.array([0, 0, 0, 0, 0, 0, 1], np.float32), (16, 1))
    episode = relabel(world, SEED, lambda observation: hold, every=4)
    first, second = next(episode), next(episode)
    assert (first.step, second.step) == (0, 4)
    np.testing.assert_allclose(second.observation.state[:3], first.observation.state[:3], atol=2e-3)
    assert np.abs(first.expert_chunk[:, :3].sum(0)).max() > 0.03
    np.testing.assert_allclose(first.expert_chunk, second.expert_chunk, atol=5e-3)


def test_a_driver_as_good_as_the_expert_succeeds(world):
    frames = list(relabel(world, SEED, lambda observation: expert_chunk(world), every=4))
    assert frames[-1].success
    assert [frame.step for frame in frames] == list(range(0, 4 * len(frames), 4))


def test_in_wide_scenes_the_look_varies_and_the_task_stays(world):
    """Same seed, same task and start; another look, other words, and cameras that are where the frame says."""
    plain, wide = (next(relabel(world, SEED, lambda _: expert_chunk(world), scenery=s)) for s in ("plain", "wide"))
    np.testing.assert_allclose(plain.observation.state, wide.observation.state, atol=1e-6)
    np.testing.assert_allclose(plain.expert_chunk, wide.expert_chunk, atol=0.05)  # sizes vary a little
    assert np.abs(plain.observation.images["front"].astype(int) - wide.observation.images["front"]).mean() > 2
    there, usual = (frame.observation.cameras for frame in (wide, plain))
    assert max(np.abs(there[camera].position - usual[camera].position).max() for camera in CAMERAS) > 0.001
