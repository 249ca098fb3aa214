"""Chunks of a recording are what its arm did next, at whatever rate it was recorded."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from wam_demo.models.chunk import to_displacement
from wam_demo.train.recorded_chunks import chunks_from_states


def states_at(times: np.ndarray) -> np.ndarray:
    """A hand that moves at 0.1 m/s along x and turns at 0.2 rad/s about z."""
    states = np.zeros((len(times), 17))
    states[:, 0] = 0.4 + 0.1 * times
    matrices = Rotation.from_rotvec(np.outer(times, [0, 0, 0.2])).as_matrix()
    states[:, 3:6], states[:, 6:9] = matrices[:, :, 0], matrices[:, :, 1]
    states[:, 9] = 1.0
    return states


@settings(max_examples=20, deadline=None)
@given(fps=st.sampled_from([2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 50.0]))
def test_the_rate_of_the_recording_does_not_matter(fps):
    states = states_at(np.arange(int(4 * fps)) / fps)
    chunk = chunks_from_states(states, np.zeros(len(states), int), fps)[0]
    np.testing.assert_allclose(chunk[:, :3], np.tile([0.01, 0, 0], (16, 1)), atol=1e-6)
    np.testing.assert_allclose(chunk[:, 3:6], np.tile([0, 0, 0.02], (16, 1)), atol=1e-6)
    assert (chunk[:, 6] == 1).all()


def test_after_the_end_the_arm_stays_and_no_chunk_reaches_into_the_next_episode():
    states = np.concatenate([states_at(np.arange(6) / 10), 5 + states_at(np.arange(4) / 10)])
    states[6:, 3:9] = states_at(np.arange(4) / 10)[:, 3:9]
    chunks = chunks_from_states(states, np.repeat([3, 4], [6, 4]), 10.0)
    displacement = to_displacement(torch.from_numpy(chunks))
    assert displacement[2, -1, 0].item() == pytest.approx(0.03, abs=1e-6)
    assert np.abs(chunks[5, :, :6]).max() < 1e-6
    assert np.abs(chunks[9, :, :6]).max() < 1e-6


def test_the_gripper_is_the_commanded_one_or_read_off_the_states():
    states = states_at(np.arange(20) / 10)
    states[8:, 9] = 0.5  # closed on something
    read = chunks_from_states(states, np.zeros(20, int), 10.0)
    assert read[5, :, 6].tolist() == [1, 1, 1] + [0] * 13
    command = np.where(np.arange(20) < 7, 1.0, 0.0)
    told = chunks_from_states(states, np.zeros(20, int), 10.0, command)
    assert told[5, :, 6].tolist() == [1, 1] + [0] * 14


def test_a_single_frame_is_an_episode():
    chunk = chunks_from_states(states_at(np.zeros(1)), np.zeros(1, int), 30.0)
    assert chunk.shape == (1, 16, 7)
    assert np.abs(chunk[..., :6]).max() == 0


def test_they_are_what_the_expert_commanded():
    from wam_demo.sim.expert import Expert
    from wam_demo.sim.world import World

    world = World("reach")
    world.draw(1_700_000)
    expert, states, actions = Expert(world), [], []
    for _ in range(30):
        states.append(world.state_vector())
        actions.append(world.step(expert.act()).applied)
    chunks = chunks_from_states(np.stack(states), np.zeros(30, int), 10.0)
    asked = np.stack(actions)[:16, :3].cumsum(0)
    done = chunks[0, :, :3].cumsum(0)
    assert np.linalg.norm(asked - done, axis=1).max() < 0.004
