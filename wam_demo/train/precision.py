"""The number format that training multiplies in: bfloat16 where this machine is faster with it."""

from functools import cache

import torch

from wam_demo.speed import matmul_gflops

TRIAL_SIZE = 128
"""Side of the matrices that are multiplied to find out."""


@cache
def fast_dtype(device_type: str) -> torch.dtype:
    """bfloat16 on an accelerator and on processors that multiply it faster than float32, else float32.

    Without instructions for it a processor emulates bfloat16, which takes many times as long as float32; with them
    it is several times faster, so a trial of a fraction of a second decides.
    """
    if device_type != "cpu":
        return torch.bfloat16
    bf16, fp32 = (matmul_gflops(dtype, 5, TRIAL_SIZE) for dtype in (torch.bfloat16, torch.float32))
    return torch.bfloat16 if bf16 > fp32 else torch.float32


def fast_autocast(device: torch.device) -> torch.autocast:
    """Autocast to `fast_dtype`; float32 stays as it is. Weights and optimiser state are float32 either way."""
    dtype = fast_dtype(device.type)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype is torch.bfloat16)
