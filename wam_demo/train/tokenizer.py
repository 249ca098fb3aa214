"""Recipe of the tokenizer: reconstruct renders; afterwards it is frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from wam_demo.data.lerobot import Dataset
from wam_demo.errors import DataError
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer, TokenizerConfig, to_tensor
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.parallel import compute_device, is_main, own_share
from wam_demo.types import IMAGE_SIZE, POLICY_CAMERAS

LATENT_NOISE = 0.05
"""Noise on the latents while training, relative to their deviation; keeps the decoder smooth."""


@dataclass(frozen=True)
class TokenizerRecipe:
    """Everything that defines a run."""

    model: TokenizerConfig = field(default_factory=TokenizerConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=3000, lr=1.5e-3, warmup=100, decay=0.5))
    batch: int = 16
    compile: bool = True
    scenes: int = 150
    frames_per_scene: int = 10


def load_frames(sources: Sequence[Path], limit: int = 40_000) -> np.ndarray:
    """(N, 128, 128, 3) uint8 images of datasets and of ``.npz`` renders, at most ``limit`` in all."""
    parts = []
    for source in sources:
        if source.suffix == ".npz":
            parts.append(np.load(source)["image"])
        else:
            dataset = Dataset(source)
            step = max(1, dataset.num_frames * len(POLICY_CAMERAS) // limit)
            for camera in POLICY_CAMERAS:
                parts.append(np.stack([image for i, image in enumerate(dataset.iter_images(camera)) if i % step == 0]))
    if not parts:
        raise DataError("no image source given for the tokenizer")
    frames = np.concatenate([part[: max(1, limit // len(parts))] for part in parts])
    return frames


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """(B,) peak signal-to-noise ratio [dB] of (B, ...) images in 0..1."""
    return -10 * (a.float() - b.float()).square().flatten(1).mean(1).clamp_min(1e-10).log10()


@torch.no_grad()
def evaluate(tokenizer: Tokenizer, frames: np.ndarray) -> float:
    """Mean reconstruction PSNR [dB] of (N, 128, 128, 3) uint8 images."""
    values = []
    device = tokenizer.latent_mean.device
    for start in range(0, len(frames), 32):
        pixels = to_tensor(torch.from_numpy(frames[start : start + 32]).to(device))
        with autocast(device):
            values.append(psnr(tokenizer.raw_decode(tokenizer.raw_encode(pixels)).clamp(0, 1), pixels))
    return float(torch.cat(values).mean())


def train_tokenizer(
    recipe: TokenizerRecipe,
    sources: Sequence[Path],
    out: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    start: Tokenizer | None = None,
    decoder_only: bool = False,
) -> dict[str, Any]:
    """Train on the images of ``sources`` and write the checkpoint to ``out``.

    Args:
        recipe: Sizes and schedule.
        sources: Datasets and ``.npz`` renders.
        out: Run directory.
        seed: Seeds initialisation, batches and noise.
        resume: Continue a run in ``out``.
        start: Begin with these weights instead of random ones.
        decoder_only: Leave the latent space of ``start`` as it is, so that models trained on it stay valid.
    """
    torch.manual_seed(seed)
    frames = load_frames(sources)
    order = np.random.default_rng(seed).permutation(len(frames))
    held, used = np.ascontiguousarray(frames[order[:256]]), order[256:] if len(order) > 512 else order
    tokenizer = Tokenizer(start.config if start else recipe.model)
    if start:
        tokenizer.load_state_dict(start.state_dict())
    tokenizer.autoencoder.encoder.requires_grad_(not decoder_only)
    device = compute_device()
    tokenizer = tokenizer.to(device, memory_format=torch.channels_last)
    trainer = Trainer(tokenizer, recipe.loop, out, resume=resume)

    def reconstruct(pixels: Tensor, noise: Tensor) -> Tensor:
        latents = tokenizer.raw_encode(pixels)
        latents = latents + LATENT_NOISE * latents.detach().std((0, 2, 3), keepdim=True) * noise
        restored = tokenizer.raw_decode(latents).float()
        return F.mse_loss(restored, pixels) + 0.02 * F.l1_loss(restored, pixels)

    compiled = torch.compile(reconstruct) if recipe.compile else reconstruct
    config = tokenizer.config
    side = IMAGE_SIZE // (2 * config.fold)
    share = own_share()
    share.require(batch=recipe.batch)
    own = share.of(recipe.batch)

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        rows = used[torch.randint(len(used), (recipe.batch,), generator=generator).numpy()]
        noise = torch.randn(recipe.batch, config.latent_channels, side, side, generator=generator)
        with autocast(device):
            value = compiled(to_tensor(torch.from_numpy(frames[rows[own]]).to(device)), noise[own].to(device))
        return value * 100, {}

    averaged: Tokenizer = trainer.averaged
    curves = trainer.run(loss, report=lambda step: {"psnr": evaluate(averaged, held)}, report_every=500)
    if not decoder_only:
        sample = to_tensor(torch.from_numpy(np.ascontiguousarray(frames[order[:512]])).to(device))
        with torch.no_grad():
            averaged.set_statistics(torch.cat([averaged.raw_encode(part) for part in sample.split(32)]))
    if is_main():
        averaged.save_pretrained(out)
    return {**trainer.summary(recipe.batch, curves), "psnr": evaluate(averaged, held)}
