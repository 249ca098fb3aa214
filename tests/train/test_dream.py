"""Training on its own dreams: what follows what, what is learned, and what stays."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from tests.train.test_imagination import imagination_of
from tests.train.test_losses import CONFIG, batches
from wam_demo.errors import InvalidInputError
from wam_demo.models.wam.imagination import decode_views, held_to_pictures
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.dream import (
    DreamBatch,
    DreamRecipe,
    RecordedPaths,
    dream_errors,
    dreamt_frames,
    longest,
    remembered,
)
from wam_demo.train.loop import LoopConfig


class Blocks:
    """Codes pictures as the mean colours of blocks, four times over, so that coding twice changes nothing."""

    @staticmethod
    def encode(images):
        return F.avg_pool2d(images, 8).repeat(1, 4, 1, 1)

    @staticmethod
    def decode(latents):
        return F.interpolate(latents.unflatten(1, (4, 3)).mean(1).clamp(0, 1), scale_factor=8)


def a_dream(hops=3):
    """Pictures of random blocks that become brighter."""
    _, batch = batches()
    count = len(batch.text)
    colours = 0.5 * torch.rand(count, 2, 3, 16, 16, generator=torch.Generator().manual_seed(4))
    latents = torch.stack([(colours + 0.1 * hop).repeat(1, 1, 4, 1, 1) for hop in range(hops + 1)], 1)
    assert latents.shape[2:] == batch.latents.shape[1:]
    state = batch.state[:, None].expand(-1, hops + 1, -1).contiguous()
    motion = batch.motion[:, :1, None].expand(-1, hops, -1, -1).contiguous()
    assert motion.shape == (count, hops, 1, 8)
    nothing = latents[:, :0, 1], state[:, :0]
    return DreamBatch(latents, batch.text, state, motion, None, *nothing)


def test_each_frame_is_imagined_from_the_one_before():
    torch.manual_seed(0)
    model, batch = WorldActionModel(CONFIG), a_dream()
    imagination = imagination_of(model)
    torch.nn.init.normal_(_last(imagination))  # at first nothing is predicted to change
    whole = [frame.detach() for frame in dreamt_frames(imagination, model, Blocks, batch)]
    # the second frame is what one hop makes of the first
    onward = replace(batch, latents=batch.latents[:, 1:].clone(), state=batch.state[:, 1:], motion=batch.motion[:, 1:])
    shown = decode_views(Blocks, whole[0])
    shown = Blocks.encode(shown.flatten(0, 1)).unflatten(0, (-1, 2))
    onward.latents[:, 0] = held_to_pictures(whole[0], shown)
    onward = replace(onward, past=batch.latents[:, :1, 1], past_state=batch.state[:, :1])
    again = [frame.detach() for frame in dreamt_frames(imagination, model, Blocks, onward)]
    for first, second in zip(whole[1:], again, strict=True):
        torch.testing.assert_close(first, second, atol=1e-4, rtol=1e-4)
    # and not of what really came
    elsewhere = replace(batch, latents=batch.latents.clone())
    elsewhere.latents[:, 1:] += 1
    for first, second in zip(whole, dreamt_frames(imagination, model, Blocks, elsewhere), strict=True):
        torch.testing.assert_close(first, second.detach())


def _last(imagination):
    return [parameter for parameter in imagination.parameters() if parameter.ndim == 2][-1]


def test_dreams_are_overfitted_and_the_policy_left_alone():
    torch.manual_seed(0)
    model, batch = WorldActionModel(CONFIG), a_dream()
    imagination = imagination_of(model)
    optimizer = torch.optim.AdamW(imagination.parameters(), lr=3e-3)
    errors = []
    for _ in range(60):
        value = dream_errors(imagination, model, Blocks, batch)
        value.mean().backward()
        optimizer.step()
        optimizer.zero_grad()
        errors.append(value.detach())
    assert (errors[-1] < 0.8 * errors[0]).all()
    assert errors[0].argmax() == len(errors[0]) - 1  # what goes on from its own frames is further from the truth
    assert all(parameter.grad is None for parameter in model.parameters())


def test_dreams_grow_evenly_to_the_longest_half_way_through():
    recipe = DreamRecipe(LoopConfig(steps=100), hops=5)
    assert [longest(step, recipe) for step in (0, 9, 10, 49, 50, 99)] == [1, 1, 2, 5, 5, 5]


def test_a_dream_begins_with_what_its_past_showed():
    torch.manual_seed(0)
    model, batch = WorldActionModel(CONFIG), a_dream(1)
    calibration = imagination_of(model).config.calibration
    assert not remembered(model, Blocks, calibration, batch).picture.any()
    ago = replace(batch, past=batch.latents[:, :, 1], past_state=batch.state)
    seen = remembered(model, Blocks, calibration, ago).picture
    assert seen[:, 3].mean() > 0.01
    last = replace(batch, past=batch.latents[:, 1:, 1], past_state=batch.state[:, 1:])
    torch.testing.assert_close(seen, remembered(model, Blocks, calibration, last).picture)  # from the same pose


class _Frames:
    """What `RecordedPaths` reads of frames: two episodes, of seven and of three frames."""

    class cache:
        episode = torch.tensor([0] * 7 + [1] * 3)
        every = 4
        text = torch.zeros(10, dtype=torch.int64)
        embeddings = torch.zeros(1, 384)
        told_rays = staticmethod(lambda rows, backbone: None)
        future = torch.tensor([[min(row + 1, 6 if row < 7 else 9)] * 4 for row in range(10)])

    rows = torch.arange(10)
    states = torch.arange(10.0)[:, None].expand(-1, 17)
    motion = torch.zeros(10, 4, 8)

    @staticmethod
    def latents(rows):
        return rows.float().view(-1, 1, 1, 1, 1).expand(-1, 2, 1, 1, 1)


def test_a_stretch_stays_within_its_episode():
    paths = RecordedPaths(_Frames)
    rows = paths.rows(200, 4, torch.Generator().manual_seed(0))
    assert rows.shape == (200, 5)
    assert (rows.diff(dim=1) == 1).all()
    assert set(rows[:, 0].tolist()) == {0, 1, 2}
    both = paths.rows(200, 2, torch.Generator().manual_seed(0))
    assert set(both[:, 0].tolist()) == {0, 1, 2, 3, 4, 7}
    with pytest.raises(InvalidInputError, match="no episode has the 8 frames"):
        paths.rows(1, 7, torch.Generator())


def test_the_past_is_of_the_same_episode_and_oldest_first():
    model = WorldActionModel(CONFIG)
    dreams = RecordedPaths(_Frames).dreams(torch.tensor([[4, 5], [8, 9], [7, 8]]), model, torch.Generator(), past=3)
    expected = [[1, 2, 3], [7, 7, 7], [7, 7, 7]]  # the first frame stands for what was before it
    assert dreams.past.flatten(1).tolist() == expected
    assert dreams.past_state[..., 0].tolist() == expected
    assert RecordedPaths(_Frames).dreams(torch.tensor([[4, 5]]), model, torch.Generator()).past.shape[1] == 0


@pytest.mark.slow
def test_debug_preset_end_to_end(tmp_path):
    """Demonstrations and recordings, training, and weights beside the unchanged policy that dream."""
    import shutil

    from tests.fakes.wam_checkpoint import an_observation
    from wam_demo.config import CHECKPOINTS
    from wam_demo.data.collect import collect
    from wam_demo.models.checkpoint import sha256_of
    from wam_demo.models.wam.imagination import ImaginationModel
    from wam_demo.policies.dreaming import DreamAnchor, DreamMotion
    from wam_demo.policies.wam.policy import WamPolicy
    from wam_demo.train import recipes

    for name, noise in (("data", 0.0), ("videos", 2.0)):
        collect({"reach": 1.0}, 6, tmp_path / name, seed=7, processes=1, every=4, noise=noise)
    policy, out = tmp_path / "agra_wide", tmp_path / "out"
    shutil.copytree(CHECKPOINTS / "agra_wide", policy)
    before = sha256_of(policy)
    report = recipes.run("dream", "debug", tmp_path / "data", out, init=policy, videos=tmp_path / "videos")
    assert report["steps"] == 4
    assert [len(by_anchor) for by_anchor in report["held"]] == [2, 2]
    assert report["held"] != report["held_before"]
    assert ImaginationModel.from_pretrained(out).config.trained["dreams"]["hops"] == 2
    shutil.rmtree(policy / "imagination")
    shutil.copytree(out, policy / "imagination")
    again = WamPolicy(policy, CHECKPOINTS / "tokenizer")
    assert again.checkpoint_sha256 == before
    assert again.doubt is None
    frame = again.dream(DreamMotion(DreamAnchor(an_observation()), torch.zeros(7).numpy(), 1))
    assert frame.images["front"].shape == (128, 128, 3)
