"""The shared loop: it learns, resumes to the same weights, and follows its schedule."""

import pytest
import torch
from torch import nn

from wam_demo.train.loop import LoopConfig, Trainer, learning_rate

CONFIG = LoopConfig(steps=60, lr=0.02, warmup=5, ema=0.5, muon=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(8, 8)])
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(torch.relu(self.blocks[0](x)))


def make(out, config=CONFIG, resume=False):
    torch.manual_seed(0)
    net = Net()
    trainer = Trainer(net, config, out, resume=resume)

    def loss(step):
        x = torch.randn(32, 8, generator=torch.Generator().manual_seed(step))
        value = (net(x)[:, 0] - x.abs().sum(1)).square().mean()
        return value, {"part": value.detach()}

    return trainer, loss


def test_it_learns_and_logs(tmp_path):
    trainer, loss = make(tmp_path)
    curves = trainer.run(loss, every=20, report=lambda step: {"held": float(step)}, report_every=40)
    assert curves["step"] == [20, 40, 60]
    assert curves["part"][-1] < 0.3 * curves["part"][0]
    assert curves["held"] == [40.0, 60.0]
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3


def test_a_resumed_run_ends_where_an_unbroken_one_does(tmp_path):
    whole, loss = make(tmp_path / "whole")
    whole.run(loss)
    first, loss = make(tmp_path / "parts")

    def stops(step):
        if step == 30:
            raise KeyboardInterrupt
        return loss(step)

    with pytest.raises(KeyboardInterrupt):
        first.run(stops)
    first.save()
    second, loss = make(tmp_path / "parts", resume=True)
    assert second.step == 30
    second.run(loss)
    for a, b in zip(whole.module.parameters(), second.module.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    for a, b in zip(whole.averaged.parameters(), second.averaged.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_schedule_rises_holds_and_falls_to_zero():
    config = LoopConfig(steps=100, lr=1.0, warmup=10, decay=0.2)
    rates = [learning_rate(step, config) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:80] == [1.0] * 70
    assert rates[90] == pytest.approx(0.5)
    assert rates[100] == 0.0


def test_a_step_whose_gradient_is_not_finite_changes_nothing(tmp_path):
    trainer, _ = make(tmp_path, LoopConfig(steps=1, muon=True))
    before = [parameter.clone() for parameter in trainer.module.parameters()]
    trainer.run(lambda step: (trainer.module(torch.full((2, 8), float("nan"))).sum(), {}))
    for old, new in zip(before, trainer.module.parameters(), strict=True):
        assert torch.equal(old, new)
