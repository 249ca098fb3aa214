"""Muon in batches is torch's Muon, and orthogonalises."""

import pytest
import torch
from torch import nn

from wam_demo.train.muon import BatchedMuon, orthogonalised

SHAPES = ((12, 8), (8, 12), (12, 8), (8, 8))


def matrices():
    generator = torch.Generator().manual_seed(0)
    parameters = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=generator)
    return parameters


def test_updates_are_torchs_up_to_its_rounding():
    ours, theirs = matrices(), matrices()
    settings = {"lr": 0.01, "weight_decay": 0.1}
    batched = BatchedMuon(ours, dtype=torch.float32, **settings)
    single = torch.optim.Muon(theirs, adjust_lr_fn="match_rms_adamw", **settings)
    for _ in range(3):
        batched.step()
        single.step()
    for before, mine, other in zip(matrices(), ours, theirs, strict=True):
        assert (mine - other).norm() < 0.03 * (other - before).norm()  # torch iterates in bfloat16


def test_state_of_a_run_with_torchs_muon_is_read():
    parameters = matrices()
    single = torch.optim.Muon(parameters, lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    single.step()
    batched = BatchedMuon(parameters, lr=0.02, weight_decay=0.1, dtype=torch.float32)
    batched.load_state_dict(single.state_dict())
    momentum = [single.state[parameter]["momentum_buffer"] for parameter in parameters]
    assert all(
        torch.equal(batched.state[p]["momentum_buffer"], kept) for p, kept in zip(parameters, momentum, strict=True)
    )
    assert batched.param_groups[0]["lr"] == 0.01


@pytest.mark.parametrize("shape", [(3, 6, 24), (3, 24, 6)])
def test_singular_values_come_close_to_one(shape):
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape, generator=torch.Generator().manual_seed(1))))
    assert 0.6 < float(values.min()) < float(values.max()) < 1.3


def test_matrices_without_a_gradient_stay():
    parameters = matrices()
    parameters[0].grad = None
    before = parameters[0].detach().clone()
    BatchedMuon(parameters, lr=0.1, weight_decay=0.1, dtype=torch.float32).step()
    assert torch.equal(parameters[0], before)
