"""What a call spends its time on: operators by kind, their memory traffic, and what is no operator."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

KINDS = {
    "matrix products": re.compile(r"^(add|b|baddb)?mm$"),
    "convolutions": re.compile("convolution"),
    "norms and softmax": re.compile("norm|softmax"),
    "copies": re.compile("copy|cat|clone|stack|index|select"),
    "optimiser": re.compile("^_fused_adam|^_foreach"),
}
"""Kinds of operators by their names; the first that fits counts."""
REST = "element by element"


def kind_of(operator: str) -> str:
    """Kind of an operator, by its name with or without ``aten::``."""
    name = operator.removeprefix("aten::")
    return next((kind for kind, pattern in KINDS.items() if pattern.search(name)), REST)


class Traffic(TorchDispatchMode):
    """Counts the bytes that operators read and write, views left out: what a memory without caches would carry."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes: dict[str, int] = defaultdict(int)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operator and count its tensors."""
        result = func(*args, **(kwargs or {}))
        if not func.is_view:
            tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
            self.bytes[kind_of(func._schema.name)] += sum(tensor.nbytes for tensor in tensors)
        return result


def operator_profile(call: Callable[[], object]) -> dict[str, Any]:
    """Profile one call on the CPU; it is made once before, and once more to count its memory traffic.

    Args:
        call: What to profile, not compiled.

    Returns:
        ``wall_ms``; ``kinds``: for each its ``ms`` in operators alone, ``calls`` and ``gigabytes``; ``outside_ms``:
        Python and everything else that is no operator; ``operators``: the ten that take longest, in ms.
    """
    call()
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        began = time.perf_counter()
        call()
        wall = 1e3 * (time.perf_counter() - began)
    kinds: dict[str, dict[str, float]] = defaultdict(lambda: {"ms": 0.0, "calls": 0, "gigabytes": 0.0})
    took: dict[str, float] = {}
    for event in profiler.key_averages():
        if not event.key.startswith("aten::"):
            continue
        took[event.key] = event.self_cpu_time_total / 1e3
        kinds[kind_of(event.key)]["ms"] += took[event.key]
        kinds[kind_of(event.key)]["calls"] += event.count
    with Traffic() as counter:
        call()
    for kind, count in counter.bytes.items():
        kinds[kind]["gigabytes"] += count / 1e9
    slowest = sorted(took, key=lambda name: -took[name])[:10]
    return {
        "wall_ms": wall,
        "outside_ms": wall - sum(took.values()),
        "kinds": dict(sorted(kinds.items(), key=lambda item: -item[1]["ms"])),
        "operators": {name: took[name] for name in slowest},
    }
