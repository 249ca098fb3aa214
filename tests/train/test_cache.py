"""The training cache: future rows, and arrays that survive an interrupted encoding."""

import contextlib

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from wam_demo.train.cache import Cache, _encode, future_rows, measured_motion, rotations


def test_future_rows_stay_in_their_episode():
    episode = np.repeat([0, 1], [6, 3])
    rows = future_rows(episode, every=4)
    assert rows[0].tolist() == [1, 2, 3, 4]
    assert rows[4].tolist() == [5, 5, 5, 5]
    assert rows[6].tolist() == [7, 8, 8, 8]
    assert (episode[rows] == episode[:, None]).all()


def test_every_control_step_stored():
    rows = future_rows(np.zeros(30, int), every=1)
    assert rows[3].tolist() == [7, 11, 15, 19]


def test_motion_follows_the_recorded_states():
    turn = Rotation.from_rotvec([[0, 0, 0], [0, 0, 0.3], [0, 0, 0.5]]).as_matrix()
    states = torch.zeros(3, 17)
    states[:, :3] = torch.tensor([[0.4, 0, 0.2], [0.5, 0.1, 0.2], [0.5, 0.1, 0.1]])
    states[:, 3:6], states[:, 6:9] = torch.from_numpy(turn[:, :, 0]), torch.from_numpy(turn[:, :, 1])
    assert torch.allclose(rotations(states), torch.from_numpy(turn).float(), atol=1e-6)
    chunks = torch.zeros(3, 16, 7)
    chunks[0, 8:, 6] = 1.0
    motion = measured_motion(states, torch.tensor([[1, 2, 2, 2]] * 3), chunks)
    assert torch.allclose(motion[0, 0], torch.tensor([0.1, 0.1, 0, 0, 0, 0.3, 0]), atol=1e-5)
    assert torch.allclose(motion[0, 2], torch.tensor([0.1, 0.1, -0.1, 0, 0, 0.5, 1]), atol=1e-5)
    states[1:, 9] = torch.tensor([1.0, 0.5])  # let go, then closed on something
    unlabelled = measured_motion(states, torch.tensor([[1, 2, 2, 2]] * 3), None)
    assert unlabelled[0, :, 6].tolist() == [1, 0, 0, 0]
    assert torch.equal(unlabelled[..., :6], motion[..., :6])


def test_an_interrupted_encoding_is_redone(tmp_path):
    path = tmp_path / "rows.npy"

    def broken():
        yield np.zeros((2, 3))
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        _encode(path, (4, 3), broken())
    assert not path.exists()
    rows = _encode(path, (4, 3), iter([np.ones((2, 3)), np.full((2, 3), 2.0)]))
    assert rows[:, 0].tolist() == [1, 1, 2, 2]

    def never():
        raise AssertionError("a complete file is not encoded again")
        yield

    assert np.array_equal(_encode(path, (4, 3), never()), rows)


def test_approach_ends_where_the_expert_first_closes_the_gripper():
    chunks = torch.ones(7, 16, 7)
    chunks[2:5, 0, 6] = 0  # closed at frames 2 and 3 of the first episode, at once in the second
    empty = torch.empty(0)
    episode = torch.tensor([0, 0, 0, 0, 1, 1, 1])
    cache = Cache(np.empty(0), empty, chunks, empty, empty, episode, empty, empty, [])
    assert cache.approach().tolist() == [True, True, False, False, False, False, False]
