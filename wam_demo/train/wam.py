"""Recipe of the WAM and of AGRA: the same data, seeds and steps, with or without alignment."""

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wam_demo.models.action_head import ActionHeadConfig
from wam_demo.models.agra import Projector
from wam_demo.models.backbone import BackboneConfig
from wam_demo.models.flow import sample_tau
from wam_demo.models.teacher import Teacher
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam import WamConfig, WorldActionModel
from wam_demo.train.cache import Cache, load_cache, load_teacher_features
from wam_demo.train.loop import LoopConfig, Trainer, compute_device
from wam_demo.train.losses import ActionBatch, Arm, VideoBatch, action_loss, action_noise, video_loss


@dataclass(frozen=True)
class WamRecipe:
    """Everything that defines a run.

    Attributes:
        backbone: Video transformer.
        head: Action transformer.
        loop: Steps, rates, EMA.
        batch: Observations per step on the action-conditioning pass.
        draws: Noise draws per observation (the action head is cheap, the video features are shared).
        video_batch: Samples per step on the video pass.
        video_every: Steps between video batches.
        video_horizons: Future frames of a video sample, drawn anew for each batch; fewer are cheaper.
        motion_known: Share of video samples that are told how the arm will move.
        approach_weight: How much more often than others a frame before the first grasp is drawn for
            the action batch. There the instruction decides; later the held object tells what to do.
        arm: What is aligned how.
        compile: Compile the transformer blocks with torch.compile (minutes at the start, then faster steps).
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    head: ActionHeadConfig = field(default_factory=ActionHeadConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=20_000, lr=1.5e-3, muon=True))
    batch: int = 32
    draws: int = 4
    video_batch: int = 6
    video_every: int = 1
    video_horizons: int = 2
    motion_known: float = 0.8
    approach_weight: int = 3
    arm: Arm = field(default_factory=Arm)
    compile: bool = True


class Batches:
    """Draws training batches; the batch of a step depends only on the seed and the step."""

    def __init__(
        self, cache: Cache, rows: Tensor, model: WorldActionModel, recipe: WamRecipe, seed: int, device: torch.device
    ) -> None:
        self.cache, self.rows, self.recipe, self.seed, self.device = cache, rows, recipe, seed, device
        early = cache.approach()[rows]
        self.action_rows = torch.cat([rows, rows[early].repeat(recipe.approach_weight - 1)])
        normaliser = copy.deepcopy(model.normaliser).cpu()
        self.states = normaliser.encode_state(cache.states)
        self.chunks = normaliser.encode_chunk(cache.chunks)
        self.motion = normaliser.encode_motion(cache.motion)
        self._latents = rows_on(cache.latents, device)
        self._teacher: Callable[[Tensor], Tensor] | None = None

    def align_to(self, features: np.ndarray, mean: Tensor, std: Tensor) -> None:
        """Add standardised teacher features, from `load_teacher_features`, to the action batches."""
        raw, mean, std = rows_on(features, self.device), mean.to(self.device), std.to(self.device)
        self._teacher = lambda rows: (raw(rows) - mean) / std

    def action(self, step: int) -> ActionBatch:
        """The action batch of this step."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + 2 * step)
        rows = self.action_rows[torch.randint(len(self.action_rows), (self.recipe.batch,), generator=generator)]
        chunk = self.chunks[rows]
        noise, tau = action_noise((len(rows), self.recipe.draws, *chunk.shape[1:]), generator)
        batch = ActionBatch(
            self._latents(rows),
            self.cache.embeddings[self.cache.text[rows]],
            self.states[rows],
            chunk,
            noise,
            tau,
            self._teacher(rows) if self._teacher else None,
        )
        return batch.to(self.device)

    def video(self, step: int) -> VideoBatch:
        """The video batch of this step."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + 2 * step + 1)
        rows = self.rows[torch.randint(len(self.rows), (self.recipe.video_batch,), generator=generator)]
        video = self.recipe.backbone
        horizons = torch.randperm(video.horizons, generator=generator)[: self.recipe.video_horizons].sort().values
        future = self._latents(self.cache.future[rows][:, horizons].flatten())
        future = future.unflatten(0, (len(rows), -1)).transpose(1, 2).contiguous()
        known = torch.rand(len(rows), 1, 1, generator=generator) < self.recipe.motion_known
        batch = VideoBatch(
            self._latents(rows),
            self.cache.embeddings[self.cache.text[rows]],
            self.states[rows],
            future,
            torch.randn(future.shape, generator=generator),
            sample_tau(len(rows), generator, shift=2.0),
            self.motion[rows][:, horizons] * known,
            tuple(horizons.tolist()),
        )
        return batch.to(self.device)


def rows_on(array: np.ndarray, device: torch.device) -> Callable[[Tensor], Tensor]:
    """Reads rows of a memory-mapped array as float32; on an accelerator the array is moved there once."""
    if device.type == "cpu":
        return lambda rows: torch.from_numpy(np.asarray(array[rows.numpy()], np.float32))
    resident = torch.from_numpy(np.ascontiguousarray(array)).to(device)
    return lambda rows: resident[rows.to(device)].float()


@torch.no_grad()
def chunk_error(model: WorldActionModel, cache: Cache, rows: Tensor, batch: int = 64) -> dict[str, float]:
    """Median error of the planned TCP at +4, +8, +16 steps [cm] and gripper errors, on held-out frames."""
    model.eval()
    device = next(model.parameters()).device
    errors, gripper = [], []
    noise = torch.randn(batch, 1, *cache.chunks.shape[1:], generator=torch.Generator().manual_seed(0))
    for part in rows.split(batch):
        latents = torch.from_numpy(np.asarray(cache.latents[part.numpy()], np.float32))
        inputs = (latents, cache.embeddings[cache.text[part]], cache.states[part], noise[: len(part)])
        with torch.autocast(device.type, torch.bfloat16):
            actions = model.act(*(value.to(device) for value in inputs)).actions.cpu()
        truth = cache.chunks[part]
        offset = (actions - truth)[..., :3].cumsum(1).norm(dim=-1)
        errors.append(offset[:, [3, 7, 15]])
        gripper.append(((actions[..., 6] > 0.5) != (truth[..., 6] > 0.5)).float().mean(1))
    median = 100 * torch.cat(errors).median(0).values
    mean = 100 * torch.cat(errors).mean(0)
    return {
        "cm4": float(median[0]),
        "cm8": float(median[1]),
        "cm16": float(median[2]),
        "mean8": float(mean[1]),
        "gripper_error": float(torch.cat(gripper).mean()),
    }


def train_wam(
    recipe: WamRecipe,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    teacher: tuple[str, Teacher, str] | None = None,
    start: WorldActionModel | None = None,
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train a WAM, aligned to a teacher if one is given, and write its checkpoint to ``out``.

    Args:
        recipe: Sizes and schedule.
        data: A dataset written by ``demos``.
        out: Run directory; the EMA weights are written there when done.
        tokenizer: Frozen.
        teacher: Name, network and hash of the teacher.
        start: Begin with these weights, and their normalisation, instead of random ones.
        seed: Seeds initialisation, batches and noise.
        resume: Continue a run in ``out``.
    """
    torch.manual_seed(seed)
    device = compute_device()
    cache = load_cache(data, tokenizer)
    provenance: dict[str, object] = {
        "method": "agra" if teacher else "wam",
        "teacher": teacher[0] if teacher else None,
        "encoder_sha256": tokenizer.encoder_digest(),
        "tasks": cache.tasks,
        "frames": len(cache.states),
        "steps": recipe.loop.steps,
        "batch": recipe.batch,
        "arm": asdict(recipe.arm),
        "seed": seed,
    }
    model = WorldActionModel(WamConfig(recipe.backbone, recipe.head, trained=provenance))
    train_rows, held_rows = cache.split()
    if start:
        provenance["begun_with"] = dict(start.config.trained)
        model.load_state_dict(start.state_dict())
    else:
        model.normaliser.fit(cache.chunks[train_rows], cache.states[train_rows])
    modules = nn.ModuleDict({"model": model})
    if teacher:
        modules["projector"] = Projector(
            recipe.arm.projector, recipe.backbone.dim, teacher[1].dim, recipe.backbone.grid
        )
    trainer = Trainer(modules.to(device), recipe.loop, out, resume=resume)
    # After the state is loaded: a resumed run keeps its normalisation even when the dataset has grown.
    batches = Batches(cache, train_rows, model, recipe, seed, device)
    if teacher:
        batches.align_to(*load_teacher_features(data, teacher[1], teacher[2], recipe.backbone.grid))
    averaged: WorldActionModel = trainer.averaged["model"]

    def report(step: int) -> dict[str, float]:
        averaged.config.trained["steps"] = step
        averaged.save_pretrained(out)
        return chunk_error(averaged, cache, held_rows[:: max(1, len(held_rows) // 512)])

    curves = trainer.run(_step_loss(modules, batches, recipe), report=report)
    averaged.save_pretrained(out)
    samples = recipe.loop.steps * recipe.batch
    return {
        "steps": trainer.step,
        "seconds": trainer.seconds,
        "samples_per_s": samples / max(trainer.seconds, 1e-9),
        "losses": curves,
    }


def _step_loss(
    modules: nn.ModuleDict, batches: Batches, recipe: WamRecipe
) -> Callable[[int], tuple[Tensor, dict[str, Tensor]]]:
    """The loss of one step: an action batch always, a video batch every ``video_every`` steps."""
    model = modules["model"]
    projector = modules["projector"] if "projector" in modules else None  # noqa: SIM401  (ModuleDict has no get)
    if recipe.compile:
        # Block by block: one compilation serves all blocks, where the whole loss would take minutes.
        for part in (*model.backbone.blocks, *model.head.layers):
            part.compile()

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        with torch.autocast(batches.device.type, torch.bfloat16):
            batch = batches.action(step)
            value, parts = action_loss(model, batch, projector, recipe.arm)
            if step % recipe.video_every == 0:
                video = video_loss(model, batches.video(step))
                value = value + video
                parts["video"] = video.detach() * recipe.video_every
        return value, parts

    return loss
