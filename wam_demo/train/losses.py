"""Losses of the world action model: pure functions of a model and a batch that return (loss, parts)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.models.flow import interpolate, velocity, velocity_to
from wam_demo.models.wam.action_head import ActionHead
from wam_demo.models.wam.agra import Projector, alignment_loss, teacher_weight
from wam_demo.models.wam.model import WorldActionModel

Losses = tuple[Tensor, dict[str, Tensor]]


PASSES = ("action", "video", "shared")


@dataclass(frozen=True)
class Arm:
    """What is aligned how: the arms of the comparison.

    Attributes:
        aligned: Whose features are aligned: of the ``action``-conditioning pass (tau = 1), as AGRA does;
            of the ``video`` pass at its noise level; or ``shared``: the head too reads features of the
            pass at the video's noise level.
        frozen: The action loss leaves the backbone alone; it learns from video only.
        weight: lambda_agra.
        blocks: Whose outputs are aligned; the paper's choice is one third of the depth.
        projector: See `Projector`.
    """

    aligned: str = "action"
    frozen: bool = False
    weight: float = 0.5
    blocks: tuple[int, ...] = (1,)
    projector: str = "mlp"


@dataclass(frozen=True)
class Batch:
    """Tensors of one pass."""

    def to(self, device: torch.device) -> Self:
        """The same batch with its tensors on ``device``."""
        return self._with(lambda tensor: tensor.to(device))

    def rows(self, part: slice) -> Self:
        """These samples of the batch."""
        return self._with(lambda tensor: tensor[part])

    def _with(self, change: Callable[[Tensor], Tensor]) -> Self:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(self, **{name: change(v) for name, v in values.items() if isinstance(v, Tensor)})


@dataclass(frozen=True)
class HeadBatch(Batch):
    """What the action head learns from, beside the features of the pictures.

    Attributes:
        text: (B, 384).
        state: (B, 17) normalised.
        chunk: (B, 16, 7) normalised.
        noise: (B, draws, 16, 7).
        tau: (B, draws).
    """

    text: Tensor
    state: Tensor
    chunk: Tensor
    noise: Tensor
    tau: Tensor


@dataclass(frozen=True)
class ActionBatch(Batch):
    """Inputs of the action-conditioning pass.

    Attributes:
        latents: (B, cameras, C, H, W) observed.
        text: (B, 384).
        state: (B, 17) normalised.
        chunk: (B, 16, 7) normalised.
        noise: (B, draws, 16, 7).
        tau: (B, draws).
        teacher: (B, N, D) standardised teacher features, of several side by side, for aligned runs.
        rays: (B, N, 9), where the backbone reads them.
    """

    latents: Tensor
    text: Tensor
    state: Tensor
    chunk: Tensor
    noise: Tensor
    tau: Tensor
    teacher: Tensor | None = None
    rays: Tensor | None = None


@dataclass(frozen=True)
class RecordedBatch(Batch):
    """Observations without actions, which only the alignment can learn from on the action-conditioning pass.

    Attributes:
        latents: (R, cameras, C, H, W) observed.
        text: (R, 384).
        state: (R, 17) normalised.
        teacher: (R, N, D) standardised teacher features.
        rays: (R, N, 9), where the backbone reads them.
    """

    latents: Tensor
    text: Tensor
    state: Tensor
    teacher: Tensor
    rays: Tensor | None = None


@dataclass(frozen=True)
class VideoBatch(Batch):
    """Inputs of the video pass.

    Attributes:
        latents: (B, cameras, C, H, W) observed.
        text: (B, 384).
        state: (B, 17) normalised.
        future: (B, cameras, K, C, H, W) clean.
        noise: As ``future``.
        tau: (B,).
        motion: (B, K, 8), zeros where it is not to be known; see `ChunkNormaliser.encode_motion`.
        horizons: Which K of the future frames these are.
        rays: (B, N, 9), where the backbone reads them.
    """

    latents: Tensor
    text: Tensor
    state: Tensor
    future: Tensor
    noise: Tensor
    tau: Tensor
    motion: Tensor
    horizons: tuple[int, ...]
    rays: Tensor | None = None


def action_loss(
    model: WorldActionModel,
    batch: ActionBatch,
    projectors: Mapping[str, Projector] | None = None,
    arm: Arm | None = None,
    recorded: RecordedBatch | None = None,
    average: Callable[[Tensor], Tensor] = lambda total: total,
) -> Losses:
    """Flow matching of the chunk, and the alignment of some blocks' features.

    Whatever is read goes through the backbone in one pass.

    Args:
        model: The model.
        batch: With ``teacher`` when ``projectors`` are given.
        projectors: By the number of an aligned block: maps its features to the teachers' spaces.
        arm: Which features are aligned, and which ones the head reads; see `Arm`.
        recorded: Further observations to align on.
        average: Mean of a number over all processes that have a share of the batch.

    Returns:
        The sum of both, and its parts ``act`` and ``agra`` (0 without projectors), unweighted.
    """
    arm = arm or Arm()
    samples, draws = batch.tau.shape
    turn = torch.arange(samples, device=batch.tau.device) % draws  # times are stratified over draws
    # Observed tokens never attend to the future: its flow time is all that sets the passes apart.
    video_tau = batch.tau[torch.arange(samples, device=batch.tau.device), turn]
    aligned = projectors is not None and batch.teacher is not None
    passes: list[tuple[ActionBatch | RecordedBatch, Tensor]] = [
        (batch, video_tau if arm.aligned == "shared" else torch.ones_like(video_tau))
    ]
    if aligned and arm.aligned == "video":
        passes.append((batch, video_tau))
    if aligned and recorded is not None:
        ones = torch.ones(len(recorded.text), device=video_tau.device)
        passes.append((recorded, ones if arm.aligned == "action" else torch.rand_like(ones)))
    features = features_of(model, passes)
    read = [block[:samples].detach() if arm.frozen else block[:samples] for block in features]
    act = chunk_loss(model.head, read, batch)
    if projectors is None or batch.teacher is None:
        return act, {"act": act.detach(), "agra": act.new_zeros(())}
    teacher = batch.teacher if recorded is None else torch.cat([batch.teacher, recorded.teacher])
    widths = next(iter(projectors.values())).widths
    total = average(teacher_weight(teacher, widths).sum((1, 2)))
    first = samples if arm.aligned == "video" else 0
    terms = [alignment_loss(projectors[str(k)](features[k][first:]), teacher, total, widths)[0] for k in arm.blocks]
    align = torch.stack(terms).mean()
    return act + arm.weight * align, {"act": act.detach(), "agra": align.detach()}


def chunk_loss(head: ActionHead, features: list[Tensor], batch: HeadBatch | ActionBatch) -> Tensor:
    """Flow matching of the chunk, given the features of every video block."""
    static, context = head.context(features, batch.text, batch.state)
    clean = batch.chunk[:, None].expand_as(batch.noise)
    noisy = interpolate(clean.flatten(0, 1), batch.noise.flatten(0, 1), batch.tau.flatten()).view_as(clean)
    predicted, _ = head(noisy, batch.tau, static, context)
    return F.mse_loss(predicted.float(), velocity(clean, batch.noise))


def features_of(model: WorldActionModel, passes: Sequence[tuple[ActionBatch | RecordedBatch, Tensor]]) -> list[Tensor]:
    """Every block's output for the observations of several batches, one after the other, in one pass.

    Args:
        model: The model.
        passes: Observations, and the flow time (B,) of their video.
    """
    if len(passes) == 1:
        (batch, tau), *_ = passes
        return model.features(batch.latents, batch.text, batch.state, tau, batch.rays)
    columns = zip(*((batch.latents, batch.text, batch.state, tau) for batch, tau in passes), strict=True)
    latents, text, state, tau = (torch.cat(column) for column in columns)
    rays = [batch.rays for batch, _ in passes if batch.rays is not None]
    return model.features(latents, text, state, tau, torch.cat(rays) if rays else None)


def video_loss(model: WorldActionModel, batch: VideoBatch) -> Tensor:
    """Flow matching of the future latents."""
    noisy = interpolate(batch.future, batch.noise, batch.tau)
    condition = model.backbone.condition(batch.text, batch.state, batch.tau)
    predicted, _ = model.backbone.video(
        batch.latents, noisy, condition, batch.tau, batch.motion, batch.horizons, batch.rays
    )
    return F.mse_loss(predicted, velocity_to(batch.future, noisy, batch.tau))


def action_noise(size: tuple[int, int, int, int], generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noise (B, draws, 16, 7) and flow times (B, draws), stratified over the draws of a sample."""
    batch, draws = size[:2]
    tau = (torch.arange(draws) + torch.rand(batch, draws, generator=generator)) / draws
    return torch.randn(size, generator=generator), tau
