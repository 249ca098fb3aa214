"""Where the time of a training step goes, on this machine and in several ways to compute it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.speed import durations_ms
from wam_demo.train.loop import build_optimizers
from wam_demo.train.losses import ActionBatch, Losses, VideoBatch, action_loss, action_noise, video_loss
from wam_demo.train.parallel import compute_device
from wam_demo.train.wam import compile_blocks, modules_of
from wam_demo.train.wam_recipe import WamRecipe

TEACHER_DIM = 192
WAYS = ("fp32", "bf16", "bf16 compiled")
"""``bf16 compiled`` is what training does: autocast, blocks compiled one by one."""


def profile_step(
    recipe: WamRecipe, peak_gflops: float, *, repeats: int = 5, ways: tuple[str, ...] = WAYS
) -> dict[str, dict[str, float]]:
    """Time the parts of a step on random batches; the first call of each, which compiles, is left out.

    Args:
        recipe: Sizes of networks and batches; aligned on the blocks of its arm.
        peak_gflops: What the processor reaches at best in bf16.
        repeats: Steps timed; the fastest counts.
        ways: Some of `WAYS`.

    Returns:
        For each way: ``action_ms``, ``alignment_ms``, ``video_ms`` (forward and backward) and
        ``optimiser_ms``, ``step_ms``, ``samples_per_s`` (observations of the action batch), ``gflops`` of the
        matrix products in a step and their ``share_of_bf16_peak``.
    """
    device = compute_device()
    timed = {}
    for way in ways:
        torch.manual_seed(0)
        model = WorldActionModel(WamConfig(recipe.backbone, recipe.head))
        modules = modules_of(model, recipe, TEACHER_DIM).to(device)
        if way.endswith("compiled"):
            compile_blocks(model)
        precision = torch.autocast(device.type, torch.bfloat16) if way.startswith("bf16") else nullcontext()
        timed[way] = _parts(modules, recipe, device, precision, repeats)
        timed[way]["share_of_bf16_peak"] = timed[way]["gflops"] / peak_gflops
    return timed


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
    def whole(_: int) -> None:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return min(durations_ms(whole, repeats, warmup=1))


def _batches(recipe: WamRecipe, device: torch.device) -> tuple[ActionBatch, VideoBatch]:
    video, head, size = recipe.backbone, recipe.head, recipe.batch
    frame = (video.cameras, video.latent_channels, video.latent_size, video.latent_size)
    noise, tau = action_noise((size, recipe.draws, head.steps, head.action_dim), torch.Generator().manual_seed(0))

    def observed(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return torch.randn(count, *frame), torch.randn(count, video.text_dim), torch.randn(count, video.state_dim)

    tokens = video.cameras * video.frame_tokens
    chunk, teacher = torch.randn(size, head.steps, head.action_dim), torch.randn(size, tokens, TEACHER_DIM)
    count, horizons = recipe.video_batch, tuple(range(recipe.video_horizons))
    future = torch.randn(count, video.cameras, len(horizons), *frame[1:])
    motion = torch.randn(count, len(horizons), video.motion_dim)
    imagined = VideoBatch(*observed(count), future, torch.randn_like(future), torch.rand(count), motion, horizons)
    return ActionBatch(*observed(size), chunk, noise, tau, teacher).to(device), imagined.to(device)
