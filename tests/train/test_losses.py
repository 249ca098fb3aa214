"""Losses: one batch can be overfitted, gradients reach what they should."""

import pytest
import torch
from torch import nn

from wam_demo.models.wam.action_head import ActionHeadConfig
from wam_demo.models.wam.agra import Projector
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.train.losses import (
    PASSES,
    ActionBatch,
    Arm,
    RecordedBatch,
    VideoBatch,
    action_loss,
    action_noise,
    video_loss,
)

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


def linear(*blocks):
    return nn.ModuleDict({str(block): Projector("linear", 32, (10,), 8) for block in blocks})


def test_one_batch_is_overfitted():
    torch.manual_seed(0)
    model, (action, video) = WorldActionModel(CONFIG), batches()
    projectors = nn.ModuleDict({"1": Projector("mlp", 32, (10,), 8)})
    optimizer = torch.optim.AdamW([*model.parameters(), *projectors.parameters()], lr=3e-3)
    losses = []
    for _ in range(60):
        value, parts = action_loss(model, action, projectors)
        imagined = video_loss(model, video)
        (value + imagined).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(tuple(float(value.detach()) for value in (*parts.values(), imagined)))
    first, last = losses[0], losses[-1]
    assert last[0] < 0.6 * first[0]
    assert last[1] < first[1] - 0.2
    assert last[2] < 0.8 * first[2]


def test_alignment_reaches_only_the_blocks_up_to_its_own():
    torch.manual_seed(0)
    model, (action, _) = WorldActionModel(CONFIG), batches()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.1)
    with_alignment = action_loss(model, action, linear(1), Arm(weight=1.0))[0]
    (with_alignment - action_loss(model, action)[0]).backward()
    reached = [float(block.out.weight.grad.abs().max()) > 1e-6 for block in model.backbone.blocks]
    assert reached == [True, True, False]
    assert all(float(parameter.grad.abs().max()) < 1e-6 for parameter in model.head.layers.parameters())


def test_a_frozen_backbone_learns_nothing_from_actions():
    torch.manual_seed(0)
    model, (action, _) = WorldActionModel(CONFIG), batches()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.1)
    action_loss(model, action, arm=Arm(frozen=True))[0].backward()
    assert all(parameter.grad is None for parameter in model.backbone.parameters())
    assert model.head.out.weight.grad is not None


def test_recordings_without_actions_count_for_the_alignment_only():
    torch.manual_seed(0)
    model, (action, _) = WorldActionModel(CONFIG), batches()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.1)
    projectors = linear(1)
    same = RecordedBatch(action.latents, action.text, action.state, action.teacher)
    other = RecordedBatch(action.latents.flip(0), action.text, action.state, action.teacher)
    alone = action_loss(model, action, projectors)[1]
    with_same = action_loss(model, action, projectors, recorded=same)[1]
    assert abs(float(with_same["agra"] - alone["agra"])) < 1e-4
    with_other = action_loss(model, action, projectors, recorded=other)[1]
    assert with_other["act"] == alone["act"]
    assert abs(float(with_other["agra"] - alone["agra"])) > 1e-3


@pytest.mark.parametrize("aligned", PASSES)
def test_every_pass_can_be_aligned(aligned):
    torch.manual_seed(0)
    model, (action, _) = WorldActionModel(CONFIG), batches()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.1)
    plain = action_loss(model, action)[1]["act"]
    parts = action_loss(model, action, linear(0, 2), Arm(aligned=aligned, blocks=(0, 2)))[1]
    assert (parts["act"] == plain) == (aligned != "shared")
    assert parts["agra"] != 0


def test_flow_times_are_stratified_over_draws():
    _, tau = action_noise((100, 4, 16, 7), torch.Generator().manual_seed(0))
    assert ((tau * 4).floor() == torch.arange(4)).all()
