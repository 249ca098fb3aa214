"""The precision that networks compute in: bfloat16 where the hardware multiplies it, else float32."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, wraps
from typing import ParamSpec, TypeVar

import torch

from wam_demo.speed import matmul_gflops

P = ParamSpec("P")
R = TypeVar("R")
TRIAL_SIZE = 128
"""Side of the matrices that are multiplied to find out which format is faster."""


def compute_dtype() -> torch.dtype:
    """What policies compute in: bfloat16 where the CPU multiplies it natively, else float32."""
    native = torch.backends.cpu.get_cpu_capability() in ("AVX512", "AVX10", "AMX") and _has_bf16()
    return torch.bfloat16 if native else torch.float32


@cache
def training_dtype(device_type: str) -> torch.dtype:
    """bfloat16 on a GPU and on a CPU that multiplies it faster than float32, else float32.

    Some CPUs name the format and emulate it, which takes many times as long as float32; where it is native it is
    several times faster, so a trial of a fraction of a second decides.
    """
    if device_type != "cpu":
        return torch.bfloat16
    bf16, fp32 = (matmul_gflops(dtype, 5, TRIAL_SIZE) for dtype in (torch.bfloat16, torch.float32))
    return torch.bfloat16 if bf16 > fp32 else torch.float32


def autocast(device: torch.device) -> AbstractContextManager:
    """Mixed precision where `training_dtype` finds it faster; weights and optimiser state stay in float32."""
    if training_dtype(device.type) is torch.float32:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def exact(geometry: Callable[P, R]) -> Callable[P, R]:
    """Have a function compute in the format of its inputs where `autocast` would take a shorter one.

    Places in metres that are multiplied in bfloat16 are wrong by millimetres.
    """

    @wraps(geometry)
    def computed(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            return geometry(*args, **kwargs)

    return computed


def _has_bf16() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
