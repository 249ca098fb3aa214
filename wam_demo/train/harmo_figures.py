"""How well experts and gate do on frames that nothing learned from, in and out of the training region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wam_demo.models.chunk import to_displacement
from wam_demo.models.harmo.experts import Experts
from wam_demo.models.harmo.imagined import imagine_motion
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.imagination import ImaginationModel
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel
from wam_demo.sim.regions import labels_in_training
from wam_demo.train.cache import Cache
from wam_demo.types import FUTURE_STEPS

BATCH = 16
STEPS = (4, 8, 16)
"""Control steps after which a planned TCP is compared with the expert's."""


@dataclass(frozen=True)
class WorldModel:
    """What stays as it is in the second stage.

    Attributes:
        model: The world action model.
        imagination: Beside it.
        tokenizer: Of both.
        steps: Euler steps of an imagination.
    """

    model: WorldActionModel
    imagination: ImaginationModel
    tokenizer: Tokenizer
    steps: int

    @torch.no_grad()
    def read(self, cache: Cache, rows: Tensor) -> BackboneFeatures:
        """What the backbone makes of (B,) rows."""
        device = next(self.model.parameters()).device
        latents = torch.from_numpy(np.asarray(cache.latents[rows.numpy()], np.float32)).to(device)
        rays = cache.told_rays(rows, self.model.config.backbone)
        with autocast(device):
            return self.model.read(
                latents,
                cache.embeddings[cache.text[rows]].to(device),
                cache.states[rows].to(device),
                None if rays is None else rays.to(device),
            )

    def imagine(self, observed: BackboneFeatures, motion: Tensor, seed: int) -> Tensor:
        """(B, cameras, horizons, C, H, W) float32 after normalised motions (B, horizons, 7), noise from ``seed``."""
        now, device = observed.latents, observed.latents.device
        shape = (*now.shape[:2], motion.shape[1], *now.shape[2:])
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(device)
        with autocast(device):
            return imagine_motion(
                self.imagination, self.model, self.tokenizer, observed, motion, noise, self.steps
            ).float()


def expert_errors(frozen: WorldModel, experts: Experts, cache: Cache, rows: Tensor, labels: Tensor) -> dict[str, float]:
    """Median error of the planned TCP [cm] of both experts and of the motion prior, and the gate's accuracy.

    Args:
        frozen: The world model with the predictive expert as its head.
        experts: Motion prior, reactive expert and gate.
        cache: Of the demonstrations.
        rows: (M,) rows of episodes that validate.
        labels: (N,) bool, what the gate is to say.

    Returns:
        ``pred_cm8`` and so on for +4, +8 and +16 steps, likewise ``react``, which reads what is imagined freely, and
        ``motion``; then ``gate``. With ``_out`` in the name those of episodes that leave the training region. A group
        without a frame is left out.
    """
    experts.eval()
    inside = torch.from_numpy(labels_in_training(cache.states.numpy(), cache.chunks.numpy(), cache.episode.numpy()))
    found: dict[str, float] = {}
    for suffix, group in (("", rows[inside[rows]]), ("_out", rows[~inside[rows]])):
        if len(group):
            parts = [_answers(frozen, experts, cache, part) for part in group.split(BATCH)]
            predicted, read, moved, logits = (torch.cat(values) for values in zip(*parts, strict=True))
            truth = to_displacement(cache.chunks[group])
            for name, plan in (("pred", to_displacement(predicted)), ("react", to_displacement(read))):
                errors = _apart_cm(plan, truth)
                found |= {f"{name}{suffix}_cm{step}": float(errors[:, step - 1].median()) for step in STEPS}
            errors = _apart_cm(moved, cache.motion[group])
            found |= {f"motion{suffix}_cm{step}": float(errors[:, FUTURE_STEPS.index(step)].median()) for step in STEPS}
            found[f"gate{suffix}"] = float(((logits > 0) == labels[group]).float().mean())
    return found


def _apart_cm(one: Tensor, other: Tensor) -> Tensor:
    """(B, N) distance of the TCP [cm] of two (B, N, 7) displacements."""
    return 100 * (one - other)[..., :3].norm(dim=-1)


@torch.no_grad()
def _answers(frozen: WorldModel, experts: Experts, cache: Cache, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Chunks of predictive and reactive expert (B, 16, 7), motions (B, 4, 7), and logits of the gate (B,)."""
    model, observed = frozen.model, frozen.read(cache, rows)
    device = observed.latents.device
    noise = torch.randn(1, 1, *cache.chunks.shape[1:], generator=torch.Generator().manual_seed(0))
    noise = noise.to(device).expand(len(rows), -1, -1, -1)
    with autocast(device):
        plan = model.plan(observed.features, observed.text, observed.state, noise)
        motion = experts.motion(observed.features[-1], observed.text, observed.state).float()
        logits = experts.gate(observed.features[-1])
    future = frozen.imagine(observed, motion, int(rows[0]))
    with autocast(device):
        read = model.normaliser.decode_chunk(experts.reactive(future, observed.latents))
    known = torch.cat([motion, torch.ones_like(motion[..., :1])], -1)
    moved = model.normaliser.decode_motion(known, range(motion.shape[1]))
    return plan.actions.cpu(), read.cpu(), moved.cpu(), logits.float().cpu()
