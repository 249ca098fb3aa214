"""Recipe of the imagination model: a finished policy, its demonstrations, and where the cameras are."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wam_demo.errors import InvalidInputError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.flow import euler_times, interpolate, velocity_to
from wam_demo.models.geometry import Calibration
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.imagination import FOLDER, ImaginationConfig, ImaginationModel, motion_conditioning
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel
from wam_demo.train.batches import TrainingFrames, futures, joined
from wam_demo.train.cache import load_cache
from wam_demo.train.calibration import calibrate
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.losses import VideoBatch
from wam_demo.train.parallel import compute_device, is_main, own_share
from wam_demo.train.world_model import load_world_model

HELD_BATCHES = 8


@dataclass(frozen=True)
class ImaginationRecipe:
    """Everything that defines a run.

    Attributes:
        loop: Steps, rates, EMA.
        batch: Samples per step.
        horizons: Future frames of a sample, drawn anew for each batch.
        recorded: Share of recordings in a batch, where there are any.
        compile: Compile the blocks with torch.compile.
    """

    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=6000, lr=1e-3, muon=True))
    batch: int = 16
    horizons: int = 2
    recorded: float = 0.25
    compile: bool = True


def train_imagination(
    recipe: ImaginationRecipe,
    policy: Path,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    videos: Path | None = None,
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train the model that imagines for a policy, and write its checkpoint to ``out``; the policy stays as it is.

    Args:
        recipe: Sizes and schedule.
        policy: Checkpoint of the policy. An imagination model that lies beside its weights already is trained on, be it
            another policy's.
        data: A dataset written by ``demos``.
        out: Run directory; to be used, its checkpoint belongs into ``imagination`` beside the policy's weights.
        tokenizer: The policy's, frozen.
        videos: Recordings of the robot elsewhere; how it moved is read off its states, its actions are not read.
        seed: Seeds batches and noise.
        resume: Continue a run in ``out``.

    Raises:
        InvalidInputError: The policy belongs to another tokenizer, or the imagination model beside it has other sizes.
    """
    torch.manual_seed(seed)
    device = compute_device()
    model = load_world_model(policy, tokenizer)
    cache = load_cache(data, tokenizer).read_by(model)
    recorded = load_cache(videos, tokenizer, labelled=False).read_by(model) if videos else None
    model, tokenizer = model.to(device), tokenizer.to(device)
    provenance: dict[str, object] = {
        "tasks": cache.tasks,
        "frames": len(cache.states),
        "recorded_frames": len(recorded.states) if recorded else 0,
        "steps": recipe.loop.steps,
        "batch": recipe.batch,
        "seed": seed,
    }
    calibration = calibrate(cache.tasks)
    imagination = _begun(policy, model, calibration, provenance, out)
    # the key stands in the states of interrupted runs
    trainer = Trainer(nn.ModuleDict({"expert": imagination}).to(device), recipe.loop, out, resume=resume)
    train_rows, held_rows = cache.split()
    normaliser = copy.deepcopy(model.normaliser).cpu()
    frames, held = (TrainingFrames(cache, rows, normaliser, device) for rows in (train_rows, held_rows))
    recordings = TrainingFrames(recorded, torch.arange(len(recorded.states)), normaliser, device) if recorded else None
    if model.config.backbone.rays:
        for source in (frames, held, *([recordings] if recordings else [])):
            source.look_along(calibration, model.config.backbone.grid)
    times = euler_times(imagination.config.steps, shift=imagination.config.shift)
    share = own_share()
    share.require(batch=recipe.batch)
    if recipe.compile:
        for block in imagination.net.blocks:
            block.compile()

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = video_batch(frames, recipe, times, torch.Generator().manual_seed(seed * 1_000_003 + step), recordings)
        batch = batch.rows(share.of(recipe.batch)).to(device)
        with autocast(device):
            value = imagination_loss(imagination, model, tokenizer, batch)
        return value, {"video": value.detach()}

    def report(step: int) -> dict[str, float]:
        averaged: ImaginationModel = trainer.averaged["expert"]
        averaged.config.trained["steps"] = step
        averaged.save_pretrained(out)
        return held_out(averaged, model, tokenizer, held, recipe)

    curves = trainer.run(loss, report=report)
    if is_main():
        trainer.averaged["expert"].save_pretrained(out)
    return trainer.summary(recipe.batch, curves)


def _begun(
    policy: Path, model: WorldActionModel, calibration: Calibration, provenance: dict[str, object], out: Path
) -> ImaginationModel:
    """The imagination model beside the policy's weights, or the policy's own backbone; ``provenance`` says which."""
    backbone = model.config.backbone
    imagination = ImaginationModel(ImaginationConfig(backbone, calibration, sha256_of(policy), trained=provenance))
    folder = policy / FOLDER
    if not folder.is_dir() or folder.resolve() == out.resolve():
        imagination.begin_as(model.backbone)
        return imagination
    before = ImaginationModel.from_pretrained(folder)
    if replace(before.config.backbone, rays=backbone.rays) != backbone:
        raise InvalidInputError(f"{folder} holds an imagination model of other sizes than the policy's")
    provenance["begun_with"] = {**before.config.trained, "policy_sha256": before.config.policy_sha256}
    imagination.load_state_dict({**imagination.state_dict(), **before.state_dict()})  # new rays begin with zeros
    return imagination


def video_batch(
    frames: TrainingFrames,
    recipe: ImaginationRecipe,
    times: Tensor,
    generator: torch.Generator,
    recordings: TrainingFrames | None = None,
) -> VideoBatch:
    """Samples whose motion is known, a share of them from recordings, each at one of the flow ``times``."""
    count = len(frames.cache.future[0])
    horizons = torch.randperm(count, generator=generator)[: recipe.horizons].sort().values
    recorded = round(recipe.recorded * recipe.batch) if recordings else 0
    parts = [futures(frames, recipe.batch - recorded, horizons, generator)]
    if recordings and recorded:
        parts.append(futures(recordings, recorded, horizons, generator))
    latents, text, state, future, motion, rays = joined(parts)
    noise = torch.randn(future.shape, generator=generator)
    tau = times[torch.randint(len(times), (len(text),), generator=generator)]
    return VideoBatch(latents, text, state, future, noise, tau, motion, tuple(horizons.tolist()), rays)


def imagination_loss(
    imagination: ImaginationModel, model: WorldActionModel, tokenizer: Tokenizer, batch: VideoBatch
) -> Tensor:
    """Mean squared error of the clean future latents; the policy's network is only read."""
    with torch.no_grad():
        features = model.features(batch.latents, batch.text, batch.state, rays=batch.rays)
        observed = BackboneFeatures(batch.latents, features, batch.text, batch.state, batch.rays)
        conditioning = motion_conditioning(
            model, tokenizer, imagination.config.calibration, observed, batch.motion, batch.horizons
        )
    noisy = interpolate(batch.future, batch.noise, batch.tau)
    predicted = imagination(model, observed, noisy, batch.tau, conditioning, batch.horizons)
    error = (predicted - velocity_to(batch.future, noisy, batch.tau)).square().flatten(1).mean(1)
    return (error * batch.tau**2).mean()


@torch.no_grad()
def held_out(
    imagination: ImaginationModel,
    model: WorldActionModel,
    tokenizer: Tokenizer,
    held: TrainingFrames,
    recipe: ImaginationRecipe,
) -> dict[str, float]:
    """The loss on frames that are never trained on, ``held``."""
    imagination.eval()
    times = euler_times(imagination.config.steps, shift=imagination.config.shift)
    batches = [video_batch(held, recipe, times, torch.Generator().manual_seed(-1 - k)) for k in range(HELD_BATCHES)]
    device = next(imagination.parameters()).device
    with autocast(device):
        losses = [imagination_loss(imagination, model, tokenizer, batch.to(device)) for batch in batches]
    return {"held": float(torch.stack(losses).mean())}
