"""Chunk representation: round trips and limits."""

import torch

from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.models.chunk import ChunkNormaliser, motion_of, to_actions, to_displacement


def some_actions(count=20):
    generator = torch.Generator().manual_seed(0)
    actions = torch.rand(count, 16, 7, generator=generator) * 2 - 1
    actions[..., :3] *= ACTION_TRANSLATION_M
    actions[..., 3:6] *= ACTION_ROTATION_RAD
    actions[..., 6] = (actions[..., 6] > 0).float()
    return actions


def test_displacement_round_trip():
    actions = some_actions()
    torch.testing.assert_close(to_actions(to_displacement(actions)), actions, atol=1e-6, rtol=1e-5)


def test_normalised_round_trip():
    actions = some_actions()
    normaliser = ChunkNormaliser(16, 7, 17)
    normaliser.fit(actions, torch.randn(20, 17))
    torch.testing.assert_close(normaliser.decode_chunk(normaliser.encode_chunk(actions)), actions, atol=1e-5, rtol=1e-4)


def test_decoded_actions_respect_the_limits():
    actions = to_actions(torch.randn(8, 16, 7) * 10)
    assert actions[..., :3].abs().max() <= ACTION_TRANSLATION_M
    assert actions[..., 3:6].abs().max() <= ACTION_ROTATION_RAD
    assert actions[..., 6].min() >= 0
    assert actions[..., 6].max() <= 1


def test_an_unseen_state_is_bounded():
    normaliser = ChunkNormaliser(16, 7, 17)
    normaliser.fit(some_actions(), torch.randn(20, 17))
    assert normaliser.encode_state(torch.full((17,), 1e6)).abs().max() <= 5


def test_motion_is_the_chunk_at_the_imagined_frames():
    actions = some_actions()
    normaliser = ChunkNormaliser(16, 7, 17)
    normaliser.fit(actions, torch.randn(20, 17))
    motion = normaliser.encode_motion(motion_of(actions))
    assert torch.equal(motion[..., 7], torch.ones(20, 4))
    torch.testing.assert_close(motion[..., :7], normaliser.encode_chunk(actions)[:, [3, 7, 11, 15]])
