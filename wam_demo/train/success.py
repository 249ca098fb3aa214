"""Recipe of the success head: judged frames of attempts, read through a policy's network that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.data.lerobot import Dataset
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.success import SuccessConfig, SuccessHead
from wam_demo.train.batches import draw
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.parallel import compute_device, is_main
from wam_demo.train.success_features import FeatureReader, ReadFrames, joined_frames
from wam_demo.train.success_figures import success_figures
from wam_demo.train.success_samples import JudgedSamples, attempted, demonstrated
from wam_demo.train.world_model import load_world_model


@dataclass(frozen=True)
class SuccessRecipe:
    """Everything that defines a run.

    Attributes:
        blocks: Of the policy's backbone, whose features it reads; the last one where there are fewer.
        dim: Token width.
        depth: Times that it looks.
        heads: Attention heads.
        loop: Steps, rates, EMA.
        batch: Samples per step.
        others: See `wam_demo.train.success_samples.attempted`.
        noise: Deviation of what is added to the normalised features while training: what is imagined is not exact.
    """

    blocks: tuple[int, ...] = (2, 5)
    dim: int = 96
    depth: int = 2
    heads: int = 4
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=1000, lr=1e-3, warmup=100, decay=0.5, ema=0.99))
    batch: int = 64
    others: float = 0.2
    noise: float = 0.2


def train_success(
    recipe: SuccessRecipe,
    policy: Path,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    demonstrations: Path | None = None,
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train a success head for a policy and write it to ``out``.

    Args:
        recipe: Sizes and schedule.
        policy: Checkpoint of the world action model whose features it reads; frozen.
        data: A dataset written by ``demos --attempts``.
        out: Run directory: log, resumable state and a checkpoint to be put beside the policy's weights as ``success``.
        tokenizer: The policy's, frozen.
        demonstrations: A dataset of ``demos`` to learn from as well.
        seed: Seeds batches and weights.
        resume: Continue a run in ``out``.

    Returns:
        ``held_out``, of attempts, and ``held_out_demonstrations``, see `success_figures`; then what every recipe
        answers.

    Raises:
        InvalidInputError: The policy belongs to another tokenizer, or the dataset holds no judged frames.
    """
    torch.manual_seed(seed)
    device, model = compute_device(), load_world_model(policy, tokenizer)
    blocks = tuple(min(block, model.config.backbone.depth - 1) for block in recipe.blocks)
    config = SuccessConfig(model.config.backbone, blocks, recipe.dim, recipe.depth, recipe.heads)
    reader = FeatureReader(model.to(device), policy, tokenizer, blocks)
    parts = {"held_out": reader.read(data, attempted(Dataset(data), recipe.others, config.discount, seed))}
    if demonstrations is not None:
        samples = demonstrated(Dataset(demonstrations), config.discount)
        parts["held_out_demonstrations"] = reader.read(demonstrations, samples)
    frames = joined_frames(list(parts.values()))
    train = torch.nonzero(~torch.cat([part.samples.held() for part in parts.values()]))[:, 0]
    provenance: dict[str, object] = {
        "samples": len(train),
        "fulfilled": int(frames.samples.fulfilled[train].sum()),
        "episodes": len(frames.samples.episode[train].unique()),
        "tasks": sorted(set(frames.samples.task)),
        "steps": recipe.loop.steps,
        "batch": recipe.batch,
        "seed": seed,
    }
    config = replace(config, policy_sha256=sha256_of(policy), trained=provenance)
    trainer = Trainer(nn.ModuleDict({"head": SuccessHead(config)}).to(device), recipe.loop, out, resume=resume)
    averaged: SuccessHead = trainer.averaged["head"]

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        chosen = draw(train, recipe.batch, generator)
        seen = frames.features(chosen)
        seen = F.layer_norm(seen, seen.shape[-1:])
        seen = seen + recipe.noise * torch.randn(seen.shape, generator=generator).to(device)
        with autocast(device):
            return success_loss(trainer.module["head"], seen, frames.samples, chosen)

    def report(step: int) -> dict[str, float]:
        averaged.config.trained["steps"] = step
        averaged.save_pretrained(out)
        found = held_figures(averaged, parts["held_out"])["all"]
        rates = ("balanced_accuracy", "false_positive_rate", "false_negative_rate")
        return {name: found[name] for name in rates if found[name] is not None}

    curves = trainer.run(loss, report=report, report_every=500)
    if is_main():
        averaged.save_pretrained(out)
    figures = {name: held_figures(averaged, part) for name, part in parts.items()}
    return {**figures, **trainer.summary(recipe.batch, curves)}


def success_loss(
    head: SuccessHead, seen: Tensor, samples: JudgedSamples, chosen: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Binary cross-entropies of success and of the value, the latter of soft labels.

    Args:
        head: What is trained.
        seen: (B, blocks, tokens, dim) normalised features.
        samples: Labels.
        chosen: (B,) samples.
    """
    success, value = head.judge(seen.unbind(1), samples.text[chosen].to(seen.device))
    fulfilled = F.binary_cross_entropy_with_logits(success, samples.fulfilled[chosen].float().to(seen.device))
    near = F.binary_cross_entropy_with_logits(value, samples.value[chosen].to(seen.device))
    return fulfilled + near, {"success": fulfilled.detach(), "value": near.detach()}


@torch.no_grad()
def held_figures(head: SuccessHead, frames: ReadFrames) -> dict[str, Any]:
    """How good a head is on the episodes that are never trained on, see `success_figures`."""
    samples, rows = frames.samples, torch.nonzero(frames.samples.held())[:, 0]
    said = [
        head.judge(frames.features(part).unbind(1), samples.text[part].to(head.places.device))
        for part in rows.split(128)
    ]
    success, value = (torch.cat(part).sigmoid().cpu().numpy() for part in zip(*said, strict=True))
    labels = {name: getattr(samples, name)[rows].numpy() for name in ("fulfilled", "own", "episode", "value")}
    return success_figures(success, value, labels, samples.task[rows.numpy()], head.config.threshold)
