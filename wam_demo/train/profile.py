"""Where the time of a training step goes on this machine, and what compiling and batching save."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from wam_demo.models.chunk import ChunkNormaliser
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.operators import operator_profile
from wam_demo.train.batches import Batches, TrainingFrames
from wam_demo.train.cache import Cache
from wam_demo.train.loop import build_optimizers
from wam_demo.train.parallel import compute_device
from wam_demo.train.wam import compile_blocks, modules_of, step_loss
from wam_demo.train.wam_recipe import WamRecipe

TEACHER_DIM = 192
FRAMES = 512
"""Of the made-up dataset that is trained on: its pictures are noise, its sizes are real."""


@dataclass(frozen=True)
class Way:
    """One way to compute a step.

    Attributes:
        compiled: The blocks are compiled, as `train` does.
        batched: Matrices are orthogonalised in batches, as `train` does, not one by one in bfloat16, as torch does.
    """

    compiled: bool
    batched: bool


WAYS = {
    "eager": Way(compiled=False, batched=False),
    "batched": Way(compiled=False, batched=True),
    "compiled": Way(compiled=True, batched=True),
}
PHASES = ("data", "forward", "backward", "optimiser")


class TimedStep:
    """A training step that says how long its phases take.

    Args:
        recipe: Sizes of networks and batches.
        way: How it is computed.
        folder: For a made-up dataset.
    """

    def __init__(self, recipe: WamRecipe, way: Way, folder: Path) -> None:
        torch.manual_seed(0)
        device = compute_device()
        model = WorldActionModel(WamConfig(recipe.backbone, recipe.head))
        self.recipe, self.modules = recipe, modules_of(model, recipe, [TEACHER_DIM]).to(device)
        self.optimizers = build_optimizers(self.modules, recipe.loop)
        if not way.batched:
            self.optimizers[1:] = [_one_by_one(optimizer) for optimizer in self.optimizers[1:]]
        if way.compiled:
            compile_blocks(model)
        self.batches = made_up_batches(recipe, folder, device)
        self.step = 0

    def __call__(self) -> dict[str, float]:
        """Take a step; milliseconds by phase."""
        ticks = [self._tick()]
        drawn = self.batches.of(self.step * self.recipe.video_every)
        ticks.append(self._tick())
        value, _ = step_loss(self.modules, drawn, self.recipe)
        ticks.append(self._tick())
        value.backward()
        ticks.append(self._tick())
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        ticks.append(self._tick())
        self.step += 1
        return {phase: 1e3 * (end - start) for phase, start, end in zip(PHASES, ticks, ticks[1:], strict=False)}

    def _tick(self) -> float:
        if self.batches.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


def profile_step(
    recipe: WamRecipe, peak_gflops: float, *, repeats: int = 3, ways: tuple[str, ...] = tuple(WAYS)
) -> dict[str, Any]:
    """Time steps computed in several ways, in turn, on a made-up dataset with recordings.

    Args:
        recipe: Sizes of networks and batches; aligned on the blocks of its arm.
        peak_gflops: What the processor reaches at best in the format that training multiplies in.
        repeats: Steps timed of each way, after one that may compile; medians count.
        ways: Some of `WAYS`.

    Returns:
        By way: ``data_ms``, ``forward_ms``, ``backward_ms``, ``optimiser_ms``, ``step_ms``, ``samples_per_s``
        (observations with actions), ``gflops`` of the matrix products, their ``share_of_peak``, ``first_step_s``
        (compilation, mostly) and ``ratio``, samples per second over those of the first way.
    """
    with tempfile.TemporaryDirectory() as folder:
        steps = {way: TimedStep(recipe, WAYS[way], Path(folder)) for way in ways}
        first = {way: sum(step().values()) / 1e3 for way, step in steps.items()}
        timed: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        for _ in range(repeats):
            for way, step in steps.items():
                timed[way].append(step())
        gflop = counted_gflop(recipe, Path(folder))
    figures = {way: _figures(rows, recipe.batch, gflop, peak_gflops) for way, rows in timed.items()}
    reference = figures[ways[0]]["samples_per_s"]
    return {
        way: {**row, "first_step_s": first[way], "ratio": row["samples_per_s"] / reference}
        for way, row in figures.items()
    }


def _figures(rows: list[dict[str, float]], batch: int, gflop: float, peak: float) -> dict[str, float]:
    phases = {f"{phase}_ms": float(np.median([row[phase] for row in rows])) for phase in PHASES}
    step_ms = float(np.median([sum(row.values()) for row in rows]))
    gflops = 1e3 * gflop / step_ms
    rate = 1e3 * batch / step_ms
    return {**phases, "step_ms": step_ms, "samples_per_s": rate, "gflops": gflops, "share_of_peak": gflops / peak}


def counted_gflop(recipe: WamRecipe, folder: Path) -> float:
    """Floating-point operations of the matrix products of one step, optimiser included [GFLOP]."""
    step = TimedStep(recipe, WAYS["batched"], folder)
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() / 1e9


def step_operators(recipe: WamRecipe) -> dict[str, Any]:
    """The operators of a step as `train` takes it, but for the compilation; see `operator_profile`."""
    with tempfile.TemporaryDirectory() as folder:
        return operator_profile(TimedStep(recipe, WAYS["batched"], Path(folder)))


def _one_by_one(optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    group = optimizer.param_groups[0]
    return torch.optim.Muon(
        group["params"], lr=group["lr"], weight_decay=group["weight_decay"], adjust_lr_fn="match_rms_adamw"
    )


def made_up_batches(recipe: WamRecipe, folder: Path, device: torch.device) -> Batches:
    """Batches of noise from memory maps in ``folder``, with recordings and teacher features."""
    video, head = recipe.backbone, recipe.head
    generator = np.random.default_rng(0)

    def stored(name: str, *shape: int) -> np.ndarray:
        path = folder / f"{name}.npy"
        if not path.is_file():
            np.save(path, generator.standard_normal((FRAMES, *shape), np.float32).astype(np.float16))
        return np.load(path, mmap_mode="c")

    def numbers(*shape: int) -> Tensor:
        return torch.from_numpy(generator.standard_normal(shape, np.float32))

    cells = video.cameras * video.frame_tokens
    cache = Cache(
        latents=stored("latents", video.cameras, video.latent_channels, video.latent_size, video.latent_size),
        states=numbers(FRAMES, video.state_dim),
        chunks=numbers(FRAMES, head.steps, head.action_dim),
        text=torch.arange(FRAMES) % 8,
        embeddings=numbers(8, video.text_dim),
        episode=torch.arange(FRAMES) // 8,
        future=torch.arange(FRAMES)[:, None].expand(-1, video.horizons),
        motion=numbers(FRAMES, video.horizons, video.motion_dim - 1),
        tasks=[],
    )
    normaliser = ChunkNormaliser(head.steps, head.action_dim, video.state_dim)
    pair = [TrainingFrames(cache, torch.arange(FRAMES), normaliser, device) for _ in range(2)]
    features = stored("teacher", cells, TEACHER_DIM)
    for frames in pair:
        frames.align_to(features, torch.zeros(cells, TEACHER_DIM), torch.ones(TEACHER_DIM), device)
    return Batches(pair[0], pair[1], recipe, 0, device)
