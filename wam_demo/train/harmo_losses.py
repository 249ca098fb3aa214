"""Losses of HarmoWAM's second stage: pure functions of experts and a batch that return (loss, parts)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.flow import interpolate, velocity
from wam_demo.models.harmo.experts import Experts
from wam_demo.models.wam.action_head import ActionHead
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.train.losses import ActionBatch, Batch, Losses

BETA = 0.1
"""Of the SmoothL1 of reactive expert and motion prior, in standard deviations of the chunk."""
REACTIVE_WEIGHT, GATE_WEIGHT, MOTION_WEIGHT = 0.1, 0.05, 0.1
"""Beside the predictive expert's loss. No trained parameter is shared, so with Adam only the clipping sees them."""
MOTION_ROWS = (3, 7, 11, 15)
"""Rows of a chunk that lead to the imagined frames."""


@dataclass(frozen=True)
class FramesBatch(Batch):
    """Frames from which the reactive expert is to read what was done.

    Attributes:
        present: (B, cameras, C, H, W) latents.
        future: (B, cameras, horizons, C, H, W) latents: imagined ones, or those that really came.
        chunk: (B, 16, 7) normalised: the label, or how the arm really moved.
        known: (16,) bool: rows of ``chunk`` that are known.
    """

    present: Tensor
    future: Tensor
    chunk: Tensor
    known: Tensor


@dataclass(frozen=True)
class ReadBatch(Batch):
    """What the world model made of frames, for motion prior and gate.

    Attributes:
        tokens: (B, N, dim) of its last block.
        text: (B, 384).
        state: (B, 17) normalised.
        motion: (B, horizons, 7) normalised, how the arm really moved.
        interaction: (B,) bool, what the gate is to say.
        labelled: (B,) bool, whether it may be told; the motion prior learns from all.
    """

    tokens: Tensor
    text: Tensor
    state: Tensor
    motion: Tensor
    interaction: Tensor
    labelled: Tensor


@dataclass(frozen=True)
class HarmoBatch(Batch):
    """Inputs of one step.

    Attributes:
        read: For motion prior and gate.
        imagined: For the reactive expert.
        happened: The same with frames that really came, which cost nothing.
        action: For the predictive expert, where it is trained.
    """

    read: ReadBatch
    imagined: FramesBatch
    happened: FramesBatch
    action: ActionBatch | None = None


def harmo_loss(model: WorldActionModel, experts: Experts, head: ActionHead | None, batch: HarmoBatch) -> Losses:
    """L = L_pred + 0.1 L_react + 0.05 L_gate, and 0.1 of the motion prior's; the world model is only read.

    Args:
        model: The world model.
        experts: Motion prior, reactive expert and gate.
        head: The predictive expert, where it is trained; ``None`` where the world model's own is kept as it is.
        batch: One step's.

    Returns:
        The sum, and its parts ``pred`` (0 without ``head``), ``react``, ``gate``, ``motion``, unweighted.
    """
    read = batch.read
    pred = read.tokens.new_zeros(())
    if head is not None:
        assert batch.action is not None, "a head that is trained needs actions"
        with torch.no_grad():
            action = batch.action
            features = model.features(action.latents, action.text, action.state, rays=action.rays)
        pred = predictive_loss(head, features, batch.action)
    react = reactive_loss(experts, batch.imagined) + reactive_loss(experts, batch.happened)
    error = F.binary_cross_entropy_with_logits(
        experts.gate(read.tokens).float(), read.interaction.float(), reduction="none"
    )
    gate = (error * read.labelled).sum() / read.labelled.sum().clamp_min(1)
    moved = experts.motion(read.tokens, read.text, read.state).float()
    motion = F.smooth_l1_loss(moved, read.motion, beta=BETA)
    parts = {"pred": pred.detach(), "react": react.detach(), "gate": gate.detach(), "motion": motion.detach()}
    return pred + REACTIVE_WEIGHT * react + GATE_WEIGHT * gate + MOTION_WEIGHT * motion, parts


def predictive_loss(head: ActionHead, features: list[Tensor], batch: ActionBatch) -> Tensor:
    """Flow matching of the chunk on the features of the present."""
    static, context = head.context(features, batch.text, batch.state)
    clean = batch.chunk[:, None].expand_as(batch.noise)
    noisy = interpolate(clean.flatten(0, 1), batch.noise.flatten(0, 1), batch.tau.flatten()).view_as(clean)
    predicted, _ = head(noisy, batch.tau, static, context)
    return F.mse_loss(predicted.float(), velocity(clean, batch.noise))


def reactive_loss(experts: Experts, batch: FramesBatch) -> Tensor:
    """SmoothL1 of the chunk that the frames show, over its known rows."""
    read = experts.reactive(batch.future, batch.present).float()
    return F.smooth_l1_loss(read[:, batch.known], batch.chunk[:, batch.known], beta=BETA)
