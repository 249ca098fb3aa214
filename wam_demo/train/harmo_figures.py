"""How well experts and gate do on frames that nothing learned from, in and out of the training region."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from wam_demo.models.harmo.experts import Experts
from wam_demo.models.precision import autocast
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.sim.regions import labels_in_training
from wam_demo.train.cache import Cache

BATCH = 32
STEPS = (4, 8, 16)
"""Control steps after which a planned TCP is compared with the expert's."""


def expert_errors(
    model: WorldActionModel, experts: Experts, cache: Cache, rows: Tensor, imagined: np.ndarray, labels: Tensor
) -> dict[str, float]:
    """Median error of the planned TCP [cm] of both experts, and the gate's accuracy, on episodes that validate.

    Args:
        model: World model with the predictive expert as its head.
        experts: Reactive expert and gate.
        cache: Of the demonstrations.
        rows: (M,) rows whose futures were imagined.
        imagined: (M, cameras, horizons, C, H, W) those futures.
        labels: (N,) bool, what the gate is to say.

    Returns:
        ``pred_cm8`` and so on for +4, +8 and +16 steps, likewise ``react``, and ``gate``; with ``_out`` in
        the name those of episodes that leave the training region. A group without a frame is left out.
    """
    experts.eval()
    inside = torch.from_numpy(labels_in_training(cache.states.numpy(), cache.chunks.numpy(), cache.episode.numpy()))
    validating = torch.nonzero(cache.validating()[rows])[:, 0]
    found: dict[str, float] = {}
    for suffix, group in (
        ("", validating[inside[rows[validating]]]),
        ("_out", validating[~inside[rows[validating]]]),
    ):
        if len(group):
            parts = [_answers(model, experts, cache, rows[part], imagined[part.numpy()]) for part in group.split(BATCH)]
            predicted, read, logits = (torch.cat(values) for values in zip(*parts, strict=True))
            for name, actions in (("pred", predicted), ("react", read)):
                errors = tcp_errors_cm(actions, cache.chunks[rows[group]])
                found |= {f"{name}{suffix}_cm{step}": float(errors[:, step - 1].median()) for step in STEPS}
            found[f"gate{suffix}"] = float(((logits > 0) == labels[rows[group]]).float().mean())
    return found


def tcp_errors_cm(actions: Tensor, truth: Tensor) -> Tensor:
    """(B, 16) distance of the planned TCP from the expert's after each step [cm], of two (B, 16, 7) chunks."""
    return 100 * (actions - truth)[..., :3].cumsum(1).norm(dim=-1)


@torch.no_grad()
def _answers(
    model: WorldActionModel, experts: Experts, cache: Cache, rows: Tensor, imagined: np.ndarray
) -> tuple[Tensor, Tensor, Tensor]:
    """Chunks of the predictive and of the reactive expert, (B, 16, 7), and logits of the gate (B,)."""
    device = next(experts.parameters()).device
    latents = torch.from_numpy(np.asarray(cache.latents[rows.numpy()], np.float32)).to(device)
    noise = torch.randn(1, 1, *cache.chunks.shape[1:], generator=torch.Generator().manual_seed(0))
    noise = noise.to(device).expand(len(rows), -1, -1, -1)
    text, state = cache.embeddings[cache.text[rows]].to(device), cache.states[rows].to(device)
    future = torch.from_numpy(np.asarray(imagined, np.float32)).to(device)
    with autocast(device):
        observed = model.read(latents, text, state)
        plan = model.plan(observed.features, observed.text, observed.state, noise)
        read = model.normaliser.decode_chunk(experts.reactive(future, latents))
        logits = experts.gate(observed.features[-1])
    return plan.actions.cpu(), read.cpu(), logits.float().cpu()
