"""The number format of training is the one that is faster here."""

import pytest
import torch

from wam_demo.models import precision
from wam_demo.models.precision import autocast, training_dtype
from wam_demo.speed import matmul_gflops


@pytest.fixture(autouse=True)
def forgotten():
    training_dtype.cache_clear()
    yield
    training_dtype.cache_clear()


@pytest.mark.parametrize(("bf16", "fp32", "chosen"), [(0.3, 80.0, torch.float32), (800.0, 150.0, torch.bfloat16)])
def test_the_faster_format_is_chosen(monkeypatch, bf16, fp32, chosen):
    rates = {torch.bfloat16: bf16, torch.float32: fp32}
    monkeypatch.setattr(precision, "matmul_gflops", lambda dtype, repeats, size: rates[dtype])
    assert training_dtype("cpu") is chosen
    with autocast(torch.device("cpu")):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is chosen


def test_accelerators_are_not_measured(monkeypatch):
    monkeypatch.setattr(precision, "matmul_gflops", lambda *_: pytest.fail("measured"))
    assert training_dtype("cuda") is torch.bfloat16


def test_a_trial_of_speed_draws_nothing_from_the_training():
    before = torch.get_rng_state()
    matmul_gflops(torch.float32, 1, 8)
    assert torch.equal(torch.get_rng_state(), before)
