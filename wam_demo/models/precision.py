"""The precision that networks compute in: bfloat16 where the hardware multiplies it, else float32."""

from contextlib import AbstractContextManager, nullcontext

import torch


def compute_dtype() -> torch.dtype:
    """bfloat16 where the CPU multiplies it natively, else float32."""
    native = torch.backends.cpu.get_cpu_capability() in ("AVX512", "AVX10", "AMX") and _has_bf16()
    return torch.bfloat16 if native else torch.float32


def autocast(device: torch.device) -> AbstractContextManager:
    """Mixed precision on a GPU and on a CPU that has it; emulated bfloat16 is several times slower than float32."""
    if device.type == "cpu" and compute_dtype() is torch.float32:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def _has_bf16() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
