"""Recipe of the WAM and of AGRA: the same data, seeds and steps, with or without alignment."""

import copy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wam_demo.models.precision import autocast
from wam_demo.models.teacher import Teacher
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.agra import Projector
from wam_demo.models.wam.model import WamConfig, WorldActionModel
from wam_demo.sim.regions import Region
from wam_demo.train.batches import Batches, StepBatches, TrainingFrames
from wam_demo.train.cache import Cache, load_cache, load_teacher_features
from wam_demo.train.calibration import calibrate
from wam_demo.train.loop import Trainer
from wam_demo.train.losses import action_loss, video_loss
from wam_demo.train.parallel import compute_device, is_main, mean_over_processes, own_share
from wam_demo.train.wam_recipe import WamRecipe


@torch.no_grad()
def chunk_error(model: WorldActionModel, cache: Cache, rows: Tensor, batch: int = 64) -> dict[str, float]:
    """Median error of the planned TCP at +4, +8, +16 steps [cm] and gripper errors, on held-out frames."""
    model.eval()
    device = next(model.parameters()).device
    errors, gripper = [], []
    noise = torch.randn(batch, 1, *cache.chunks.shape[1:], generator=torch.Generator().manual_seed(0))
    for part in rows.split(batch):
        latents = torch.from_numpy(np.asarray(cache.latents[part.numpy()], np.float32))
        inputs = [latents, cache.embeddings[cache.text[part]], cache.states[part], noise[: len(part)]]
        if (rays := cache.told_rays(part, model.config.backbone)) is not None:
            inputs.append(rays)
        with autocast(device):
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
    videos: Path | None = None,
    teachers: Mapping[str, Teacher] | None = None,
    start: WorldActionModel | None = None,
    region: Region = "whole",
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train a WAM, aligned to teachers if any are given, and write its checkpoint to ``out``.

    Args:
        recipe: Sizes and schedule.
        data: A dataset written by ``demos``.
        out: Run directory; the EMA weights are written there when done.
        tokenizer: Frozen.
        videos: A dataset whose actions are not read: recordings for the video pass and the alignment.
        teachers: Networks by name; see `Projector` for what several do.
        start: Begin with these weights, and their normalisation, instead of random ones.
        region: Where labels may lie; see `wam_demo.sim.regions`.
        seed: Seeds initialisation, batches and noise.
        resume: Continue a run in ``out``.
    """
    torch.manual_seed(seed)
    device = compute_device()
    cache = load_cache(data, tokenizer, region=region)
    recorded = load_cache(videos, tokenizer, labelled=False) if videos else None
    train_rows, held_rows = cache.split()
    model = _begun(recipe, cache, train_rows, start)
    model.config.trained.update(
        {
            "method": "agra" if teachers else "wam",
            "teacher": "+".join(teachers) if teachers else None,
            "encoder_sha256": tokenizer.encoder_digest(),
            "tasks": cache.tasks,
            "region": region,
            "frames": len(cache.states),
            "recorded_frames": len(recorded.states) if recorded else 0,
            "steps": recipe.loop.steps,
            "batch": recipe.batch,
            "arm": asdict(recipe.arm),
            "seed": seed,
        }
    )
    cache = cache.read_by(model)
    recorded = recorded and recorded.read_by(model)
    modules = modules_of(model, recipe, [teacher.dim for teacher in (teachers or {}).values()])
    trainer = Trainer(modules.to(device), recipe.loop, out, resume=resume)
    # After the state is loaded: a resumed run keeps its normalisation even when the dataset has grown.
    normaliser = copy.deepcopy(model.normaliser).cpu()
    sources = [(data, TrainingFrames(cache, train_rows, normaliser, device))]
    if videos and recorded:
        every = torch.arange(len(recorded.states))
        sources.append((videos, TrainingFrames(recorded, every, normaliser, device)))
    if teachers:
        _align(sources, teachers.values(), recipe.backbone.grid, device)
    frames = [source for _, source in sources]
    if model.config.backbone.rays:
        calibration = calibrate(cache.tasks)
        for source in frames:
            source.look_along(calibration, recipe.backbone.grid)
    batches = Batches(frames[0], frames[1] if recorded else None, recipe, seed, device, own_share())
    averaged: WorldActionModel = trainer.averaged["model"]

    def report(step: int) -> dict[str, float]:
        averaged.config.trained["steps"] = step
        averaged.save_pretrained(out)
        return chunk_error(averaged, cache, held_rows[:: max(1, len(held_rows) // 512)])

    if recipe.compile:
        compile_blocks(model)
    curves = trainer.run(lambda step: step_loss(modules, batches.of(step), recipe), report=report)
    if is_main():
        averaged.save_pretrained(out)
    return trainer.summary(recipe.batch, curves)


def _begun(recipe: WamRecipe, cache: Cache, train_rows: Tensor, start: WorldActionModel | None) -> WorldActionModel:
    """The model before its first step: new, or with the weights, reader and normalisation of ``start``."""
    rays = cache.poses is not None or bool(start and start.config.backbone.rays)
    trained: dict[str, object] = {"begun_with": dict(start.config.trained)} if start else {}
    reader = start.config.reader if start else None
    model = WorldActionModel(
        WamConfig(replace(recipe.backbone, rays=rays), recipe.head, reader=reader, trained=trained)
    )
    if start:
        model.load_state_dict({**model.state_dict(), **start.state_dict()})  # rays that are new begin with zeros
    else:
        model.normaliser.fit(cache.chunks[train_rows], cache.states[train_rows])
    return model


def modules_of(model: WorldActionModel, recipe: WamRecipe, widths: Sequence[int]) -> nn.ModuleDict:
    """Everything that is trained: ``model`` and, with teachers of these widths, ``projectors`` by aligned block."""
    modules = nn.ModuleDict({"model": model})
    if widths:
        sizes = (recipe.backbone.dim, widths, recipe.backbone.grid)
        modules["projectors"] = nn.ModuleDict(
            {str(block): Projector(recipe.arm.projector, *sizes) for block in recipe.arm.blocks}
        )
    return modules


def compile_blocks(model: WorldActionModel) -> None:
    """Block by block: one compilation serves all blocks, where the whole loss would take many minutes.

    The action pass and the video pass get code of their own: code for any size is slower than no compilation.
    """
    for part in (*model.backbone.blocks, *model.head.layers):
        part.compile(dynamic=False)


def _align(
    sources: list[tuple[Path, TrainingFrames]], teachers: Collection[Teacher], grid: int, device: torch.device
) -> None:
    """Give the frames of each dataset their teachers' features, all standardised as the first dataset's are.

    A cell's mean is that of the place the policy acts in.
    """
    for teacher in teachers:
        encoded = [load_teacher_features(data, frames.cache.content, teacher, grid) for data, frames in sources]
        _, mean, std = encoded[0]
        for (_, frames), (features, _, _) in zip(sources, encoded, strict=True):
            frames.align_to(features, mean, std, device)


def step_loss(modules: nn.ModuleDict, drawn: StepBatches, recipe: WamRecipe) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of what one step learns from, and its parts."""
    model = modules["model"]
    projectors = modules["projectors"] if "projectors" in modules else None  # noqa: SIM401  (ModuleDict has no get)
    with autocast(drawn.action.tau.device):
        value, parts = action_loss(model, drawn.action, projectors, recipe.arm, drawn.recorded, mean_over_processes)
        if drawn.video is not None:
            video = video_loss(model, drawn.video)
            value = value + video
            parts["video"] = video.detach() * recipe.video_every
    return value, parts
