"""Muon that orthogonalises all matrices of one shape together, in the dtype that this processor multiplies fastest."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration (K. Jordan, Muon)."""
ITERATIONS = 5
EPSILON = 1e-7


class BatchedMuon(torch.optim.Muon):
    """`torch.optim.Muon` with its update computed in batches; state and result are the same up to rounding.

    torch orthogonalises one matrix after the other, always in bfloat16: where that is emulated, the optimiser takes
    longer than the gradients do.

    Args:
        params: Matrices.
        lr: Learning rate; the update has the root mean square of AdamW's (arXiv 2502.16982).
        weight_decay: Decoupled.
        dtype: What the iterations compute in.
    """

    def __init__(self, params: Iterable[nn.Parameter], *, lr: float, weight_decay: float, dtype: torch.dtype) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:
        """One update of every matrix that has a gradient.

        Args:
            closure: Not supported; gradients are there already.
        """
        if closure is not None:
            raise NotImplementedError("BatchedMuon takes gradients, no closure")
        for group in self.param_groups:
            for matrices in same_shape(group["params"]):
                self._update(matrices, group)

    def _update(self, matrices: list[Tensor], group: dict[str, Any]) -> None:
        gradients = [matrix.grad for matrix in matrices if matrix.grad is not None]
        for matrix in matrices:
            if "momentum_buffer" not in self.state[matrix]:
                self.state[matrix]["momentum_buffer"] = torch.zeros_like(matrix)
        buffers = [self.state[matrix]["momentum_buffer"] for matrix in matrices]
        torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
        nesterov = torch._foreach_lerp(gradients, buffers, group["momentum"])
        updates = orthogonalised(torch.stack(nesterov).to(self._dtype)).to(matrices[0].dtype).unbind()
        rate = group["lr"] * 0.2 * math.sqrt(max(matrices[0].shape))
        torch._foreach_mul_(matrices, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(matrices, updates, alpha=-rate)


def same_shape(parameters: Iterable[Tensor]) -> list[list[Tensor]]:
    """The parameters that have a gradient, by shape."""
    groups: dict[torch.Size, list[Tensor]] = defaultdict(list)
    for parameter in parameters:
        if parameter.grad is not None:
            groups[parameter.shape].append(parameter)
    return list(groups.values())


def orthogonalised(matrices: Tensor) -> Tensor:
    """Singular values of (B, rows, columns) matrices brought close to 1 by Newton-Schulz iterations, same shape."""
    a, b, c = NEWTON_SCHULZ
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = (matrices.mT if tall else matrices).contiguous()
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp_min(EPSILON)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
