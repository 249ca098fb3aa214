"""The action transformer: bridge, attention weights, independence of draws."""

import torch

from wam_demo.models.wam.action_head import ActionHead, ActionHeadConfig, bridge_blocks


def make_head():
    torch.manual_seed(0)
    head = ActionHead(
        ActionHeadConfig(dim=32, depth=2, heads=2),
        video_dim=24,
        video_depth=3,
        grid=8,
        cameras=2,
        text_dim=384,
        state_dim=17,
    )
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    features = [torch.randn(2, 128, 24) for _ in range(3)]
    return head.eval(), features, torch.randn(2, 384) / 20, torch.randn(2, 17)


def test_bridge_follows_the_paper():
    assert bridge_blocks(28, 8) == [0, 4, 8, 12, 15, 19, 23, 27]
    assert bridge_blocks(6, 4) == [0, 2, 3, 5]
    assert bridge_blocks(6, 1) == [5]


def test_attention_sums_to_one_over_video_proprio_and_text():
    head, features, text, state = make_head()
    static, context = head.context(features, text, state)
    velocity, weights = head(torch.randn(2, 3, 16, 7), torch.rand(2, 3), static, context)
    assert velocity.shape == (2, 3, 16, 7)
    assert len(weights) == 2
    for weight in weights:
        assert weight.shape == (2, 2, 3, 16, 130)
        torch.testing.assert_close(weight.sum(-1), torch.ones(weight.shape[:-1]))


def test_draws_do_not_see_each_other():
    head, features, text, state = make_head()
    static, context = head.context(features, text, state)
    chunk, tau = torch.randn(2, 3, 16, 7), torch.rand(2, 3)
    joint, _ = head(chunk, tau, static, context)
    for draw in range(3):
        alone, _ = head(chunk[:, draw : draw + 1], tau[:, draw : draw + 1], static, context)
        torch.testing.assert_close(joint[:, draw : draw + 1], alone, atol=1e-5, rtol=1e-4)


def test_the_head_sees_the_image_only_through_the_bridged_blocks():
    head, features, text, state = make_head()
    static, context = head.context(features, text, state)
    chunk, tau = torch.randn(2, 1, 16, 7), torch.rand(2, 1)
    reference, _ = head(chunk, tau, static, context)
    features[1] = torch.randn_like(features[1])  # bridge of depth 2 over 3 blocks reads 0 and 2
    _, same = head.context(features, text, state)
    torch.testing.assert_close(head(chunk, tau, static, same)[0], reference)
    features[2] = torch.randn_like(features[2])
    _, other = head.context(features, text, state)
    assert (head(chunk, tau, static, other)[0] - reference).abs().max() > 1e-4
