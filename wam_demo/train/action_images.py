"""Recipe of Action Images: the video backbone of a world action model learns that an action is a video too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.models.action_images.model import ActionImagesConfig, ActionImagesModel
from wam_demo.models.action_images.pictures import Decoded, decode, points_of, poses_after
from wam_demo.models.action_images.sequence import Future, Present
from wam_demo.models.action_images.views import Views
from wam_demo.models.checkpoint import read_config
from wam_demo.models.chunk import motion_of
from wam_demo.models.flow import euler_times
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.imagination import FOLDER as imagination_folder
from wam_demo.models.wam.imagination import ImaginationModel
from wam_demo.train.action_images_losses import MODES, FutureBatch, modes_loss, policy_loss
from wam_demo.train.batches import draw, rows_on
from wam_demo.train.cache import Cache, load_cache
from wam_demo.train.calibration import calibrate
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.parallel import Share, compute_device, is_main, own_share
from wam_demo.train.world_model import load_world_model

FOLDER = "action_images"
"""Where a model that is to be trained on lies beside the weights of the world action model that it is to see with."""
FOLLOWED_M = 0.015
"""A recording follows the expert's chunk where the TCP is never further from it at a recorded frame: then the pictures
that came are those of the chunk. Elsewhere noise moved the arm, and no label says how."""
HELD = 96
"""Held-out frames that a report plans from; half of them are labelled."""


@dataclass(frozen=True)
class ActionImagesRecipe:
    """Everything that defines a run.

    Attributes:
        backbone: Sizes of the video model; those of the world action model that it begins with.
        loop: Steps, rates, EMA.
        batch: Observations per step in policy mode, each at every flow time that sampling visits.
        modes_batch: Observations per step in the other three modes, each in all of them.
        modes_every: Steps between those.
        horizons: Future frames that they see, drawn anew for each batch.
        approach_weight: How much more often than others a frame before the first grasp is drawn; see `WamRecipe`.
        compile: Compile the blocks with torch.compile.
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=9000, lr=1e-3, muon=True))
    batch: int = 16
    modes_batch: int = 4
    modes_every: int = 4
    horizons: int = 1
    approach_weight: int = 2
    compile: bool = True


class LabelledFrames:
    """Frames of a dataset with their poses, cameras and chunks, from which batches are drawn.

    Args:
        cache: Of the dataset.
        cameras: (N, cameras, 13) poses as the dataset keeps them.
        rows: (R,) which frames may be drawn.
        device: Where latents are kept, and batches go.
    """

    def __init__(self, cache: Cache, cameras: Tensor, rows: Tensor, device: torch.device) -> None:
        self.cache, self.cameras, self.rows, self.device = cache, cameras, rows, device
        self.latents = rows_on(cache.latents, device)
        apart = (cache.motion[..., :3] - motion_of(cache.chunks)[..., :3]).norm(dim=-1).amax(1)
        self.followed = rows[apart[rows] < FOLLOWED_M]

    def again(self, weight: int) -> Tensor:
        """Rows to draw from, those before the first grasp ``weight`` times."""
        early = self.rows[self.cache.approach()[self.rows]]
        return torch.cat([self.rows, early.repeat(weight - 1)])

    def batch(self, rows: Tensor, tau: Tensor, noise: Tensor) -> FutureBatch:
        """Frames in policy mode."""
        cache = self.cache
        points = points_of(*poses_after(cache.states[rows], cache.chunks[rows]))
        observed = self.latents(rows), cache.embeddings[cache.text[rows]], cache.states[rows]
        placed = (*observed, points, cache.chunks[rows][..., 6], tau, noise)
        latents, text, state, points, opening, tau, noise = (part.to(self.device) for part in placed)
        views = Views.flat(self.cameras[rows].to(self.device))
        return FutureBatch(latents, text, state, views, points, opening, tau, noise)

    def future(self, rows: Tensor, horizons: Sequence[int]) -> Tensor:
        """(B, cameras, K, C, H, W) latents of the frames that came."""
        came = self.cache.future[rows][:, list(horizons)]
        return self.latents(came.flatten()).unflatten(0, came.shape).transpose(1, 2).contiguous()


class ModeBatches:
    """Draws training batches; the batch of a step depends only on the seed and the step.

    Args:
        frames: Where from.
        config: Of the model.
        recipe: Sizes of batches.
        seed: Of all draws.
        share: Which part of every batch this process gets.
    """

    def __init__(
        self, frames: LabelledFrames, config: ActionImagesConfig, recipe: ActionImagesRecipe, seed: int, share: Share
    ) -> None:
        share.require(batch=recipe.batch, modes_batch=recipe.modes_batch)
        self.frames, self.config, self.recipe, self.seed, self.share = frames, config, recipe, seed, share
        self.times = euler_times(config.steps, shift=config.shift)
        self._rows = frames.again(recipe.approach_weight)

    def policy(self, step: int) -> FutureBatch:
        """Observations, each at every flow time."""
        generator, count = self._generator(step, 0), self.recipe.batch
        rows = draw(self._rows, count, generator)
        noise = torch.randn(count, len(self.times), *self.config.action_shape, generator=generator)
        return self._own(rows, self.times.expand(count, -1), noise)

    def modes(self, step: int) -> FutureBatch:
        """Observations whose recorded future is that of the chunk, for the other modes."""
        generator, count, video = self._generator(step, 1), self.recipe.modes_batch, self.config.backbone
        rows = draw(self.frames.followed, count, generator)
        horizons = torch.randperm(video.horizons, generator=generator)[: self.recipe.horizons].sort().values.tolist()
        tau = self.times[torch.randint(len(self.times), (count, len(MODES)), generator=generator)]
        noise = torch.randn(count, len(MODES), *self.config.action_shape, generator=generator)
        return self._own(rows, tau, noise, horizons, generator)

    def _own(
        self,
        rows: Tensor,
        tau: Tensor,
        noise: Tensor,
        horizons: Sequence[int] = (),
        generator: torch.Generator | None = None,
    ) -> FutureBatch:
        own, frames = self.share.of(len(rows)), self.frames
        batch = frames.batch(rows[own], tau[own], noise[own])
        if not horizons:
            return batch
        video = frames.future(rows, horizons)
        video_noise = torch.randn(len(rows), len(MODES), *video.shape[1:], generator=generator)
        return replace(
            batch, video=video[own], video_noise=video_noise[own].to(frames.device), horizons=tuple(horizons)
        )

    def _generator(self, step: int, stream: int) -> torch.Generator:
        return torch.Generator().manual_seed((self.seed * 1_000_003 + step) * 2 + stream)


def train_action_images(
    recipe: ActionImagesRecipe,
    init: Path,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train an action-images model and write its checkpoint to ``out``.

    Args:
        recipe: Sizes and schedule.
        init: Checkpoint of a world action model, whose video backbone it begins with, or of an action-images model;
            see `begin`.
        data: A dataset written by ``demos``; where it says nothing about its cameras, they are the scene's.
        out: Run directory.
        tokenizer: Frozen; of the scene's pictures.
        seed: Seeds initialisation, batches and noise.
        resume: Continue a run in ``out``.
    """
    torch.manual_seed(seed)
    device, cache = compute_device(), load_cache(data, tokenizer)
    provenance: dict[str, object] = {
        "encoder_sha256": tokenizer.encoder_digest(),
        "tasks": cache.tasks,
        "frames": len(cache.states),
        "batch": recipe.batch,
        "seed": seed,
    }
    config = ActionImagesConfig(replace(recipe.backbone, rays=True), calibrate(cache.tasks), trained=provenance)
    model = ActionImagesModel(config)
    begin(model, init, tokenizer)
    trainer = Trainer(nn.ModuleDict({"model": model}).to(device), recipe.loop, out, resume=resume)
    train_rows, held_rows = cache.split()
    cameras = cache.told_poses
    frames, held = (LabelledFrames(cache, cameras, rows, device) for rows in (train_rows, held_rows))
    batches = ModeBatches(frames, config, recipe, seed, own_share())
    averaged: ActionImagesModel = trainer.averaged["model"]
    if recipe.compile:
        for block in model.video.blocks:
            block.compile(dynamic=False)

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        with autocast(device):
            value, parts = policy_loss(model, batches.policy(step))
            if step % recipe.modes_every == 0:
                more, others = modes_loss(model, batches.modes(step))
                value = value + more
                parts |= {name: part * recipe.modes_every for name, part in others.items()}
        return value, parts

    def report(step: int) -> dict[str, float]:
        averaged.config.trained["steps"] = step
        averaged.save_pretrained(out)
        return figures(averaged, held)

    curves = trainer.run(loss, report=report, report_every=500)
    if is_main():
        averaged.save_pretrained(out)
    return trainer.summary(recipe.batch, curves)


def begin(model: ActionImagesModel, init: Path, tokenizer: Tokenizer) -> None:
    """Take over weights: of an action-images model, or of a world action model and what lies beside its weights.

    An action-images model in the folder `FOLDER` beside them is trained on, and sees with this world action model
    instead of its own; without one, the blocks of the future begin as what imagines.

    Raises:
        CheckpointError: A file is missing or corrupt.
        InvalidInputError: The world action model was trained on the latents of another tokenizer, or the action-images
            model beside it has other sizes.
    """
    try:
        read_config(init, "wam")
    except CheckpointError:
        _go_on(model, init)
        return
    world = load_world_model(init, tokenizer)
    if (init / FOLDER).is_dir():
        _go_on(model, init / FOLDER)
        model.see_with(world)
        return
    imagines = init / imagination_folder
    model.begin_as(world, ImaginationModel.from_pretrained(imagines) if imagines.is_dir() else None)


def _go_on(model: ActionImagesModel, directory: Path) -> None:
    start = ActionImagesModel.from_pretrained(directory)
    if start.config.backbone != model.config.backbone or start.config.action_shape != model.config.action_shape:
        raise InvalidInputError(f"{directory} holds an action-images model of other sizes than this preset's")
    model.load_state_dict(start.state_dict())
    model.config.trained["begun_with"] = dict(start.config.trained)


@torch.no_grad()
def figures(model: ActionImagesModel, held: LabelledFrames) -> dict[str, float]:
    """Decoded plans and labels on held-out frames.

    Returns:
        Median error of the planned TCP at +4, +8 and +16 steps [cm], the share of steps that could be decoded, wrong
        gripper commands; the median error of labels over all steps, and the imagined video's squared error.
    """
    model.eval()
    generator, shape = torch.Generator().manual_seed(0), model.config.action_shape
    rows = held.rows[:: max(1, len(held.rows) // HELD)][:HELD]
    batch, noise = _held_batch(held, rows, shape, generator)
    with autocast(held.device):
        present = model.observe(batch.latents, batch.text, batch.state, batch.views)
        plan = read_plan(model, present, model.sample(present, Future(noise)))
    apart = 100 * (plan.position - batch.points[:, :, 0]).norm(dim=-1)
    found = {f"cm{step}": float(apart[:, step - 1].nanmedian()) for step in (4, 8, 16)}
    found["decoded"] = float((~apart.isnan()).float().mean())
    found["gripper_error"] = float(((plan.opening > 0.5) != (batch.opening > 0.5)).float().mean())
    rows = held.followed[:: max(1, 2 * len(held.followed) // HELD)][: HELD // 2]
    batch, noise = _held_batch(held, rows, shape, generator)
    video = held.future(rows, range(model.config.backbone.horizons))
    video_noise = torch.randn(video.shape, generator=generator).to(held.device)
    with autocast(held.device):
        present = model.observe(batch.latents, batch.text, batch.state, batch.views)
        label = read_plan(model, present, model.sample(present, Future(noise, video), video_given=True))
        action = model.draw(present.canvas, batch.points, batch.opening)
        imagined = model.sample(present, Future(action, video_noise), action_given=True).video
    assert imagined is not None
    found["label_cm"] = float(100 * (label.position - batch.points[:, :, 0]).norm(dim=-1).nanmedian())
    return {**found, "imagined": float((imagined - video).square().mean())}


def read_plan(model: ActionImagesModel, present: Present, future: Future) -> Decoded:
    """What sampled action latents say."""
    return decode(present.canvas, model.pictures(future.action), model.config.sigma)


def _held_batch(
    held: LabelledFrames, rows: Tensor, shape: tuple[int, ...], generator: torch.Generator
) -> tuple[FutureBatch, Tensor]:
    """Frames, and noise of an action for each."""
    noise = torch.randn(len(rows), *shape, generator=generator).to(held.device)
    return held.batch(rows, torch.ones(len(rows), 1, device=held.device), noise[:, None]), noise
