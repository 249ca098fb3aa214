"""All four modes learn, the batch of a step is a function of the step, and a run leaves a checkpoint that resumes."""

import json
from contextlib import nullcontext
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from tests.models.action_images.test_model import CONFIG, observation
from tests.models.wam.test_imagination import random_weights
from wam_demo.cli import main
from wam_demo.errors import InvalidInputError
from wam_demo.models.action_images.model import ActionImagesModel
from wam_demo.models.action_images.pictures import points_of, poses_after
from wam_demo.models.action_images.sequence import Future
from wam_demo.models.action_images.views import Views
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.train.action_images import (
    FOLLOWED_M,
    ActionImagesRecipe,
    LabelledFrames,
    ModeBatches,
    begin,
    figures,
    read_plan,
)
from wam_demo.train.action_images_losses import MODES, FutureBatch, modes_loss, policy_loss
from wam_demo.train.cache import Cache
from wam_demo.train.parallel import Share
from wam_demo.train.recipes import WAM


def batch(draws, video=False):
    latents, text, state, views = observation()
    generator = torch.Generator().manual_seed(5)
    actions = torch.cat([0.01 * torch.randn(2, 16, 6, generator=generator), torch.ones(2, 16, 1)], -1)
    points = points_of(*poses_after(state, actions))
    noise = torch.randn(2, draws, *CONFIG.action_shape, generator=generator)
    tau = torch.tensor([1.0, 2 / 3, 1.0])[:draws].expand(2, -1)
    made = FutureBatch(latents, text, state, views, points, actions[..., 6], tau, noise)
    if not video:
        return made
    future = latents[:, :, None] + 0.5 * torch.randn(2, 2, 1, 12, 16, 16, generator=generator)
    video_noise = torch.randn(2, draws, *future.shape[1:], generator=generator)
    return replace(made, video=future, video_noise=video_noise, horizons=(2,))


def test_one_batch_is_overfitted_in_all_four_modes():
    torch.manual_seed(0)
    model, policy, modes = ActionImagesModel(CONFIG), batch(2), batch(len(MODES), video=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for _ in range(16):
        value, parts = policy_loss(model, policy)
        more, others = modes_loss(model, modes)
        (value + more).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append({name: float(part) for name, part in (parts | others).items()})
    for name in ("policy", "joint", "label", "joint_video", "video"):
        assert losses[-1][name] < 0.9 * losses[0][name], name


def test_plans_are_read_wherever_the_tensors_are(monkeypatch):
    """Tensors without data stand for those of a GPU: an operation that mixes them with the CPU's is refused."""
    monkeypatch.setattr(torch, "autocast", lambda *_args, **_kwargs: nullcontext())
    model = ActionImagesModel(CONFIG).to("meta")
    learned = batch(2)
    parts = {field.name: getattr(learned, field.name) for field in fields(learned)}
    views = Views.flat(torch.empty(2, 2, 13, device="meta"))
    there = FutureBatch(**{k: v.to("meta") if torch.is_tensor(v) else v for k, v in parts.items()} | {"views": views})
    loss, _ = policy_loss(model, there)
    loss.backward()
    present = model.observe(there.latents, there.text, there.state, there.views)
    plan = read_plan(model, present, model.sample(present, Future(torch.empty(2, *CONFIG.action_shape, device="meta"))))
    assert plan.position.device.type == "meta"


def frames(count=12):
    """Frames of two episodes; in the second one the arm went elsewhere than the chunk says."""
    states = observation(1)[2].repeat(count, 1)
    states[:, 0] += 0.001 * torch.arange(count)
    chunks = torch.zeros(count, 16, 7)
    episode = torch.arange(count) // (count // 2)
    future = torch.minimum(torch.arange(count)[:, None] + torch.arange(1, 5), (episode[:, None] + 1) * count // 2 - 1)
    motion = torch.zeros(count, 4, 7)
    motion[count // 2 :, 3, 0] = 2 * FOLLOWED_M
    latents = np.arange(count, dtype=np.float16)[:, None, None, None, None] * np.ones((2, 12, 16, 16), np.float16)
    text = torch.zeros(count, dtype=torch.int64)
    cache = Cache(latents, states, chunks, text, torch.ones(1, 384) / 20, episode, future, motion, ["reach"])
    views = observation(1)[3]
    numbers = torch.cat([views.position, views.rotation.flatten(2), views.half[..., None]], -1)
    return LabelledFrames(cache, numbers.expand(count, -1, -1), torch.arange(count), torch.device("cpu"))


def test_modes_that_see_the_future_learn_only_where_the_arm_followed_the_chunk():
    assert frames().followed.tolist() == list(range(6))


def test_batches_depend_on_the_step_alone_and_shares_make_the_whole():
    recipe = ActionImagesRecipe(CONFIG.backbone, batch=4, modes_batch=2)
    whole, first, second = (ModeBatches(frames(), CONFIG, recipe, 0, Share(*s)) for s in ((0, 1), (0, 2), (1, 2)))
    for draw in ("policy", "modes"):
        batch, again, other = (getattr(whole, draw)(step) for step in (2, 2, 4))
        assert torch.equal(batch.noise, again.noise)
        assert not torch.equal(batch.noise, other.noise)
        halves = [getattr(half, draw)(2) for half in (first, second)]
        for name in ("latents", "points", "noise", "tau"):
            assert torch.equal(getattr(batch, name), torch.cat([getattr(half, name) for half in halves])), name
    assert whole.policy(0).tau[0].tolist() == pytest.approx([1.0, 2 / 3])
    (horizon,), modes = whole.modes(0).horizons, whole.modes(0)
    came = frames().cache.future[modes.latents[:, 0, 0, 0, 0].long(), horizon]
    assert torch.equal(modes.video[:, 0, 0, 0, 0, 0].long(), came)


def test_an_untrained_model_that_stays_is_exact_on_frames_that_stay():
    model = ActionImagesModel(CONFIG)
    found = figures(model, frames())
    assert found["cm16"] < 0.1
    assert found["label_cm"] < 0.1
    assert found["decoded"] == 1


def test_it_begins_with_a_world_model_of_its_own_tokenizer_alone(tmp_path):
    """Latents of another tokenizer would look like any other numbers."""
    torch.manual_seed(0)
    sizes, tokenizers = WAM["debug"], [Tokenizer() for _ in range(2)]
    for number, tokenizer in enumerate(tokenizers):
        provenance = {"encoder_sha256": tokenizer.encoder_digest()}
        config = WamConfig(replace(CONFIG.backbone, rays=False), sizes.head, trained=provenance)
        WorldActionModel(config).save_pretrained(tmp_path / str(number))
    model = ActionImagesModel(CONFIG)
    before = model.sight.embed.weight.clone()
    with pytest.raises(InvalidInputError, match="another tokenizer"):
        begin(model, tmp_path / "1", tokenizers[0])
    assert torch.equal(model.sight.embed.weight, before)
    begin(model, tmp_path / "0", tokenizers[0])
    assert not torch.equal(model.sight.embed.weight, before)


def test_it_goes_on_with_the_eyes_of_another_world_model(tmp_path):
    """What draws is trained on; what sees, and its statistics, are those of the weights that it is to see with."""
    torch.manual_seed(0)
    tokenizer, trained = Tokenizer(), ActionImagesModel(CONFIG)
    provenance = {"encoder_sha256": tokenizer.encoder_digest()}
    world = WorldActionModel(WamConfig(CONFIG.backbone, WAM["debug"].head, trained=provenance))
    random_weights(trained)
    random_weights(world)
    world.save_pretrained(tmp_path)
    trained.save_pretrained(tmp_path / "action_images")
    model = ActionImagesModel(CONFIG)
    begin(model, tmp_path, tokenizer)
    close = {"rtol": 0, "atol": 1e-2}  # checkpoints are bfloat16
    torch.testing.assert_close(model.out_action.weight, trained.out_action.weight, **close)
    torch.testing.assert_close(model.video.embed.weight, trained.video.embed.weight, **close)
    torch.testing.assert_close(model.sight.embed.weight, world.backbone.embed.weight, **close)
    wider = replace(CONFIG, size=32)
    with pytest.raises(InvalidInputError, match="other sizes"):
        begin(ActionImagesModel(wider), tmp_path, tokenizer)


@pytest.mark.slow
def test_debug_preset_end_to_end(tmp_path):
    """Demonstrations, training from a world action model, going on from what was trained, and playing with it."""
    from wam_demo.data.collect import collect
    from wam_demo.train import recipes

    collect({"reach": 1.0}, 4, tmp_path / "data", seed=7, processes=1, every=4, noise=0.0)
    sizes = recipes.WAM["debug"]
    WorldActionModel(WamConfig(sizes.backbone, sizes.head)).save_pretrained(tmp_path / "wam")
    out = tmp_path / "out"
    report = recipes.run("action-images", "debug", tmp_path / "data", out, init=tmp_path / "wam")
    assert np.isfinite([report["losses"][name][-1] for name in ("policy", "label", "video", "joint", "cm4")]).all()
    longer = recipes.run("action-images", "debug", tmp_path / "data", out, init=out, steps=7, resume=True)
    assert longer["losses"]["step"] == [7]
    assert ActionImagesModel.from_pretrained(out).config.trained["steps"] == 7
    command = ["eval", "--policy", "action_images", "--checkpoint", out, "--task", "reach", "--episodes", "1"]
    assert main([*map(str, command), "--processes", "1", "--out", str(tmp_path / "eval")]) == 0
    result = json.loads((tmp_path / "eval" / "results.json").read_text())
    assert result["checkpoint_sha256"] == sha256_of(out)
    (episode,) = result["episodes"]
    assert episode["outcome"] in ("success", "timeout")
