"""How long calls take, and what the processor can do at best."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

MATMUL_SIZE = 1024


def durations_ms(call: Callable[[int], object], repeats: int, warmup: int = 3) -> list[float]:
    """Durations [ms] of ``call(0)`` to ``call(repeats - 1)``, after some calls that are not counted."""
    for i in range(warmup):
        call(i % repeats)
    durations = []
    for i in range(repeats):
        began = time.perf_counter()
        call(i)
        durations.append(1e3 * (time.perf_counter() - began))
    return durations


def matmul_gflops(dtype: Any, repeats: int, size: int = MATMUL_SIZE) -> float:
    """Best measured rate of a matrix product with torch on the CPU [GFLOP/s].

    Args:
        dtype: A torch floating type.
        repeats: Products timed; the fastest counts, so that other load hides less of the peak.
        size: Rows and columns of both matrices.
    """
    import torch

    own = torch.Generator().manual_seed(0)  # a trial must not move the draws of a training that asks for it
    left, right = (torch.randn(size, size, generator=own).to(dtype) for _ in range(2))
    return 2 * size**3 / min(durations_ms(lambda _: left @ right, repeats)) / 1e6
