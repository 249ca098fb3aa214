"""Losses: one batch can be overfitted, gradients reach what they should."""

import torch
from torch import nn

from wam_demo.models.action_head import ActionHeadConfig
from wam_demo.models.agra import Projector
from wam_demo.models.backbone import BackboneConfig
from wam_demo.models.wam import WamConfig, WorldActionModel
from wam_demo.train.losses import ActionBatch, VideoBatch, action_loss, action_noise, video_loss

CONFIG = WamConfig(BackboneConfig(dim=32, depth=3, heads=2), ActionHeadConfig(dim=32, depth=2, heads=2))


def batches(size=4):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    text = nn.functional.normalize(draw(size, 384), dim=-1)
    noise, tau = action_noise((size, 2, 16, 7), generator)
    latents, state = draw(size, 2, 12, 16, 16), draw(size, 17)
    action = ActionBatch(latents, text, state, draw(size, 16, 7), noise, tau, draw(size, 128, 10))
    future = latents[:, :, None] + 0.5 * draw(size, 2, 2, 12, 16, 16)
    tau, motion = 0.1 + 0.9 * torch.rand(size, generator=generator), draw(size, 2, 8)
    return action, VideoBatch(latents, text, state, future, draw(*future.shape), tau, motion, (1, 3))


def test_one_batch_is_overfitted():
    torch.manual_seed(0)
    model, (action, video) = WorldActionModel(CONFIG), batches()
    projector = Projector("mlp", 32, 10, 8)
    optimizer = torch.optim.AdamW([*model.parameters(), *projector.parameters()], lr=3e-3)
    losses = []
    for _ in range(60):
        act, align = action_loss(model, action, projector, 1)
        imagined = video_loss(model, video)
        (act + align + imagined).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(tuple(float(value.detach()) for value in (act, align, imagined)))
    first, last = losses[0], losses[-1]
    assert last[0] < 0.6 * first[0]
    assert last[1] < first[1] - 0.2
    assert last[2] < 0.8 * first[2]


def test_alignment_reaches_only_the_blocks_up_to_its_own():
    torch.manual_seed(0)
    model, (action, _) = WorldActionModel(CONFIG), batches()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.1)
    action_loss(model, action, Projector("linear", 32, 10, 8), 1)[1].backward()
    reached = [block.out.weight.grad is not None for block in model.backbone.blocks]
    assert reached == [True, True, False]
    assert all(parameter.grad is None for parameter in model.head.parameters())


def test_flow_times_are_stratified_over_draws():
    _, tau = action_noise((100, 4, 16, 7), torch.Generator().manual_seed(0))
    assert ((tau * 4).floor() == torch.arange(4)).all()
