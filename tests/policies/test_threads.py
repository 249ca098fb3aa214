"""One core is left to what runs beside a network."""

import os

import torch

from wam_demo.policies.threads import limit_threads


def test_all_cores_but_one_unless_told_otherwise(monkeypatch):
    before = torch.get_num_threads()
    try:
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: 3)
        limit_threads()
        assert torch.get_num_threads() == 2
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        limit_threads()
        assert torch.get_num_threads() == 1
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        limit_threads()
        assert torch.get_num_threads() == 1  # left as it is
        limit_threads(2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
