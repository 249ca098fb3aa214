"""Where the time of a training step goes, on this machine and in several ways to compute it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from wam_demo.models.wam.agra import Projector
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.train.loop import build_optimizers, compute_device
from wam_demo.train.losses import ActionBatch, Losses, VideoBatch, action_loss, action_noise, video_loss
from wam_demo.train.wam import WamRecipe

TEACHER_DIM = 192
WAYS = ("fp32", "bf16", "bf16 compiled")
"""``bf16 compiled`` is what training does: autocast, blocks compiled one by one."""


def profile_step(recipe: WamRecipe, *, repeats: int = 5, ways: tuple[str, ...] = WAYS) -> dict[str, Any]:
    """Time the parts of a step on random batches; the first call of each, which compiles, is left out.

    Args:
        recipe: Sizes of networks and batches; aligned on the blocks of its arm.
        repeats: Steps timed; the fastest counts.
        ways: Some of `WAYS`.

    Returns:
        For each way: ``action_ms``, ``alignment_ms``, ``video_ms`` (forward and backward) and
        ``optimiser_ms``, ``step_ms``, ``samples_per_s`` (observations of the action batch) and
        ``gflops`` of the matrix products in a step.
    """
    device = compute_device()
    found = {}
    for way in ways:
        torch.manual_seed(0)
        modules = _modules(recipe).to(device)
        if way.endswith("compiled"):
            for part in (*modules["model"].backbone.blocks, *modules["model"].head.layers):
                part.compile()
        precision = torch.autocast(device.type, torch.bfloat16) if way.startswith("bf16") else nullcontext()
        found[way] = _parts(modules, recipe, device, precision, repeats)
    return found


def _modules(recipe: WamRecipe) -> nn.ModuleDict:
    sizes = (recipe.backbone.dim, TEACHER_DIM, recipe.backbone.grid)
    projectors = {str(block): Projector(recipe.arm.projector, *sizes) for block in recipe.arm.blocks}
    model = WorldActionModel(WamConfig(recipe.backbone, recipe.head))
    return nn.ModuleDict({"model": model, "projectors": nn.ModuleDict(projectors)})


def _parts(
    modules: nn.ModuleDict,
    recipe: WamRecipe,
    device: torch.device,
    precision: AbstractContextManager[object],
    repeats: int,
) -> dict[str, float]:
    model, projectors = modules["model"], modules["projectors"]
    action, video = _batches(recipe, device)
    plain = replace(action, teacher=None)
    optimizers = build_optimizers(modules, recipe.loop)

    def learn(loss: Callable[[], Losses]) -> None:
        with precision:
            value, _ = loss()
        value.backward()

    def optimise() -> None:
        for optimizer in optimizers:
            optimizer.step()

    steps: dict[str, Callable[[], None]] = {
        "action_ms": lambda: learn(lambda: action_loss(model, plain)),
        "aligned_ms": lambda: learn(lambda: action_loss(model, action, projectors, recipe.arm)),
        "video_ms": lambda: learn(lambda: (video_loss(model, video), {})),
        "optimiser_ms": optimise,
    }
    took = {name: _fastest_ms(step, repeats, device) for name, step in steps.items()}
    aligned = took.pop("aligned_ms")
    with FlopCounterMode(display=False) as counter:
        steps["aligned_ms"]()
        steps["video_ms"]()
    step_ms = aligned + took["video_ms"] + took["optimiser_ms"]
    return {
        **took,
        "alignment_ms": aligned - took["action_ms"],
        "step_ms": step_ms,
        "samples_per_s": 1e3 * recipe.batch / step_ms,
        "gflops": counter.get_total_flops() / step_ms / 1e6,
    }


def _fastest_ms(step: Callable[[], None], repeats: int, device: torch.device) -> float:
    took = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(1e3 * (time.perf_counter() - began))
    return min(took[1:])


def _batches(recipe: WamRecipe, device: torch.device) -> tuple[ActionBatch, VideoBatch]:
    video, head, size = recipe.backbone, recipe.head, recipe.batch
    frame = (video.cameras, video.latent_channels, video.latent_size, video.latent_size)
    noise, tau = action_noise((size, recipe.draws, head.steps, head.action_dim), torch.Generator().manual_seed(0))

    def seen(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return torch.randn(count, *frame), torch.randn(count, video.text_dim), torch.randn(count, video.state_dim)

    tokens = video.cameras * video.frame_tokens
    chunk, teacher = torch.randn(size, head.steps, head.action_dim), torch.randn(size, tokens, TEACHER_DIM)
    count, horizons = recipe.video_batch, tuple(range(recipe.video_horizons))
    future = torch.randn(count, video.cameras, len(horizons), *frame[1:])
    motion = torch.randn(count, len(horizons), video.motion_dim)
    imagined = VideoBatch(*seen(count), future, torch.randn_like(future), torch.rand(count), motion, horizons)
    return ActionBatch(*seen(size), chunk, noise, tau, teacher).to(device), imagined.to(device)
