"""Recipe of HarmoWAM's second stage: motion prior, experts and gate beside a world model that stays as it is."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from wam_demo.errors import InvalidInputError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.chunk import motion_of
from wam_demo.models.harmo import experts as experts_folder
from wam_demo.models.harmo.experts import Experts, ExpertsConfig
from wam_demo.models.harmo.motion import MotionPriorConfig
from wam_demo.models.harmo.phases import interaction
from wam_demo.models.harmo.reactive import ReactiveConfig
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam import imagination as imagination_folder
from wam_demo.models.wam.backbone import BackboneConfig
from wam_demo.models.wam.imagination import ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.sim.regions import Region
from wam_demo.train.batches import TrainingFrames, draw, rows_on
from wam_demo.train.cache import Cache, cache_key, encoded_rows, load_cache
from wam_demo.train.harmo_figures import WorldModel, expert_errors
from wam_demo.train.harmo_losses import MOTION_ROWS, FramesBatch, HarmoBatch, ReadBatch, harmo_loss
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.losses import ActionBatch, action_noise
from wam_demo.train.parallel import compute_device
from wam_demo.train.world_model import load_world_model

ENCODED_BATCH = 16
HELD = 128
"""Frames that validate whose futures are imagined at a report."""


@dataclass(frozen=True)
class HarmoRecipe:
    """Everything that defines a run.

    Attributes:
        reactive: Sizes of the reactive expert.
        motion: Sizes of the motion prior.
        gate_hidden: Width of the gate.
        loop: Steps, rates, EMA.
        batch: Samples per step, of each kind.
        draws: Noise draws of the predictive expert per observation.
        imagined: Labelled frames, evenly spread over the dataset, whose futures are imagined, once: that is what costs.
        steps: Euler steps of that imagination.
    """

    reactive: ReactiveConfig = field(default_factory=ReactiveConfig)
    motion: MotionPriorConfig = field(default_factory=MotionPriorConfig)
    gate_hidden: int = 128
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=3000, lr=1e-3, muon=True))
    batch: int = 32
    draws: int = 4
    imagined: int = 1_500
    steps: int = 1


@dataclass(frozen=True)
class ImaginedFrames:
    """Labelled frames whose futures were imagined, told that the arm does what the label says.

    Attributes:
        rows: (M,) int64 rows of the cache, ascending; all of them may be learned from.
        latents: (M, cameras, horizons, C, H, W) float16.
    """

    rows: Tensor
    latents: np.ndarray


class HarmoBatches:
    """Draws training batches; the batch of a step depends only on the seed and the step.

    Args:
        frames: Of the demonstrations; their rows are those whose labels may be learned from.
        seen: Rows that motion may be learned from, labelled or not.
        tokens: Reads (B,) rows as (B, N, dim), the world model's last block.
        imagined: Futures of some of them.
        labels: (N,) bool, what the gate is to say of each frame.
        recipe: Sizes of batches.
        seed: Of all draws.
        device: Where batches go.
        predictive: What the predictive expert reads through, where one is trained.
    """

    def __init__(
        self,
        frames: TrainingFrames,
        seen: Tensor,
        tokens: Callable[[Tensor], Tensor],
        imagined: ImaginedFrames,
        labels: Tensor,
        recipe: HarmoRecipe,
        seed: int,
        device: torch.device,
        *,
        predictive: BackboneConfig | None = None,
    ) -> None:
        self.frames, self.seen, self.tokens, self.imagined, self.labels = frames, seen, tokens, imagined, labels
        self.recipe, self.seed, self.device, self.predictive = recipe, seed, device, predictive
        self._labelled = torch.zeros(len(labels), dtype=torch.bool)
        self._labelled[frames.rows] = True
        self._imagined = rows_on(imagined.latents, device)

    def __call__(self, step: int) -> HarmoBatch:
        """The batch of this step."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        count = self.recipe.batch
        read = self._read(draw(self.seen, count, generator))
        imagined = self._shown(draw(torch.arange(len(self.imagined.rows)), count, generator))
        happened = self._happened(draw(self.seen, count, generator))
        action = None if self.predictive is None else self._action(generator, self.predictive)
        return HarmoBatch(read, imagined, happened, action)

    def _action(self, generator: torch.Generator, backbone: BackboneConfig) -> ActionBatch:
        frames, rows = self.frames, draw(self.frames.rows, self.recipe.batch, generator)
        chunk = frames.chunks[rows]
        noise, tau = action_noise((len(rows), self.recipe.draws, *chunk.shape[1:]), generator)
        rays = frames.cache.told_rays(rows, backbone)
        return ActionBatch(*frames.observed(rows), chunk, noise, tau, rays=rays).to(self.device)

    def _read(self, rows: Tensor) -> ReadBatch:
        """Frames as the world model read them."""
        frames = self.frames
        text, state = frames.cache.embeddings[frames.cache.text[rows]], frames.states[rows]
        motion = frames.motion[rows][..., :-1]
        return ReadBatch(self.tokens(rows), text, state, motion, self.labels[rows], self._labelled[rows]).to(
            self.device
        )

    def _shown(self, positions: Tensor) -> FramesBatch:
        """Imagined frames, with the label that they show."""
        rows, chunks = self.imagined.rows[positions], self.frames.chunks
        known = torch.ones(chunks.shape[1], dtype=torch.bool)
        return FramesBatch(self.frames.latents(rows), self._imagined(positions), chunks[rows], known).to(self.device)

    def _happened(self, rows: Tensor) -> FramesBatch:
        """Frames that really came, with how the arm moved until each of them."""
        frames = self.frames
        future = frames.latents(frames.cache.future[rows].flatten()).unflatten(0, (len(rows), -1)).transpose(1, 2)
        chunk, known = torch.zeros_like(frames.chunks[rows]), torch.zeros(frames.chunks.shape[1], dtype=torch.bool)
        chunk[:, list(MOTION_ROWS)] = frames.motion[rows][..., :-1]
        known[list(MOTION_ROWS)] = True
        return FramesBatch(frames.latents(rows), future.contiguous(), chunk, known).to(self.device)


def train_harmo(
    recipe: HarmoRecipe,
    world_model: Path,
    data: Path,
    out: Path,
    tokenizer: Tokenizer,
    *,
    region: Region = "whole",
    seed: int = 0,
    resume: bool = False,
) -> dict[str, Any]:
    """Train motion prior, reactive expert and gate beside a world action model, and write all of it to ``out``.

    The predictive expert is the world model's own action head, as it is, when it learned from labels of the same
    region; else a new one is trained here on these labels, and the world model in ``out`` has it. The motion prior,
    and half of what the reactive expert reads, are learned from the states of all frames, as the imagination model is;
    no action of an unlabelled frame is read.

    Args:
        recipe: Sizes and schedule.
        world_model: Checkpoint of the world action model, its imagination model beside it; frozen.
        data: A dataset written by ``demos``.
        out: Run directory: log, resumable state and a checkpoint that `HarmoPolicy` reads.
        tokenizer: The world model's, frozen.
        region: Where labels may lie; see `wam_demo.sim.regions`.
        seed: Seeds batches and noise.
        resume: Continue a run in ``out``.

    Raises:
        InvalidInputError: The world model belongs to another tokenizer, or has no imagination model.
    """
    torch.manual_seed(seed)
    device = compute_device()
    frozen = _frozen(world_model, tokenizer, recipe.steps, device)
    model = frozen.model
    cache = load_cache(data, tokenizer, region=region).read_by(model)
    train_rows, _ = cache.split()
    digests = sha256_of(world_model), sha256_of(world_model / imagination_folder.FOLDER)
    tokens = rows_on(_tokens(frozen, digests[0], cache, data), device)
    imagined = _imagined(frozen, digests, cache, train_rows, recipe.imagined, data)
    labels = torch.from_numpy(
        interaction(cache.chunks[..., 6].numpy(), cache.states[:, 2].numpy(), cache.episode.numpy(), cache.every)
    )
    provenance = {"region": region, "frames": len(train_rows), "imagined_frames": len(imagined.rows), "seed": seed}
    modules = nn.ModuleDict({"experts": Experts(_config(recipe, model.config.backbone, provenance))})
    if model.config.trained.get("region", "whole") != region:
        modules["head"] = _new_head(model)
    trainer = Trainer(modules.to(device), recipe.loop, out, resume=resume)
    frames = TrainingFrames(cache, train_rows, copy.deepcopy(model.normaliser).cpu(), device)
    seen, held = _by_episode(cache)
    head, averaged = _child(modules, "head"), trainer.averaged
    predictive = None if head is None else model.config.backbone
    batches = HarmoBatches(frames, seen, tokens, imagined, labels, recipe, seed, device, predictive=predictive)
    experts: Experts = averaged["experts"]

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        with autocast(device):
            return harmo_loss(model, modules["experts"], head, batches(step))

    def report(step: int) -> dict[str, float]:
        whole = _with_head(model, _child(averaged, "head"))
        experts.config.trained["steps"] = step
        save_harmo(whole, experts, world_model, out, region)
        return expert_errors(replace(frozen, model=whole), experts, cache, _spread(held, HELD), labels)

    curves = trainer.run(loss, report=report)
    return trainer.summary(recipe.batch, curves)


def _frozen(world_model: Path, tokenizer: Tokenizer, steps: int, device: torch.device) -> WorldModel:
    """The world model with its imagination model."""
    model, folder = load_world_model(world_model, tokenizer), world_model / imagination_folder.FOLDER
    if not folder.is_dir():
        raise InvalidInputError(f"{folder} is missing: 'train imagination' makes the model whose frames are read")
    imagination = ImaginationModel.from_pretrained(folder)
    return WorldModel(model.to(device), imagination.to(device), tokenizer.to(device), steps)


def _config(recipe: HarmoRecipe, backbone: BackboneConfig, provenance: Mapping[str, object]) -> ExpertsConfig:
    trained = {**provenance, "steps": recipe.loop.steps, "batch": recipe.batch}
    return ExpertsConfig(
        backbone, recipe.reactive, recipe.motion, recipe.gate_hidden, steps=recipe.steps, trained=trained
    )


def _by_episode(cache: Cache) -> tuple[Tensor, Tensor]:
    """Rows to learn motion from and rows that validate, labelled or not; a single episode does both."""
    held = cache.validating()
    if not held.any():
        return (rows := torch.arange(len(held))), rows
    return torch.nonzero(~held)[:, 0], torch.nonzero(held)[:, 0]


def _spread(rows: Tensor, count: int) -> Tensor:
    """At most ``count`` of these rows, evenly spread."""
    return rows[torch.linspace(0, len(rows) - 1, min(count, len(rows))).round().long()]


def _tokens(frozen: WorldModel, digest: str, cache: Cache, data: Path) -> np.ndarray:
    """(N, tokens, dim) float16: every frame as the world model's last block has it, computed once."""
    video = frozen.model.config.backbone
    shape = (len(cache.states), video.cameras * video.frame_tokens, video.dim)

    def batches() -> Iterator[np.ndarray]:
        for part in _parts(torch.arange(len(cache.states)), "read"):
            yield frozen.read(cache, part).features[-1].float().cpu().numpy()

    return encoded_rows(data / "cache" / f"tokens-{cache_key(digest, cache.content)}.npy", shape, batches())


def _imagined(
    frozen: WorldModel, digests: tuple[str, str], cache: Cache, rows: Tensor, count: int, data: Path
) -> ImaginedFrames:
    """Futures of some of the rows, each told its label, computed once."""
    rows, video = _spread(rows, count), frozen.model.config.backbone
    shape = (len(rows), video.cameras, video.horizons, video.latent_channels, video.latent_size, video.latent_size)

    def batches() -> Iterator[np.ndarray]:
        normaliser = frozen.model.normaliser
        for part in _parts(rows, "imagined"):
            motion = motion_of(cache.chunks[part]).to(normaliser.chunk_mean.device)
            told = normaliser.encode_motion(motion)[..., :-1]
            yield frozen.imagine(frozen.read(cache, part), told, int(part[0])).cpu().numpy()

    key = cache_key(*digests, cache.content, rows.tolist(), frozen.steps)
    return ImaginedFrames(rows, encoded_rows(data / "cache" / f"imagined-{key}.npy", shape, batches()))


def _parts(rows: Tensor, what: str) -> Iterator[Tensor]:
    with tqdm(total=len(rows), desc=what, disable=None) as bar:
        for part in rows.split(ENCODED_BATCH):
            yield part
            bar.update(len(part))


def _child(modules: nn.ModuleDict, name: str) -> Any:
    """One of the modules, if it is there."""
    return modules[name] if name in modules else None  # noqa: SIM401  (ModuleDict has no get)


def _new_head(model: WorldActionModel) -> nn.Module:
    """An action head of the same sizes that has learned nothing yet."""
    return WorldActionModel(model.config).head


def _with_head(model: WorldActionModel, head: nn.Module | None) -> WorldActionModel:
    """The world model with the predictive expert that was trained, if one was."""
    if head is None:
        return model
    whole = copy.deepcopy(model)
    whole.head.load_state_dict(head.state_dict())
    return whole


def save_harmo(model: WorldActionModel, experts: Experts, world_model: Path, out: Path, region: Region) -> None:
    """Write world model, imagination model and experts as one checkpoint.

    The imagination model reads the backbone alone, so it belongs to a world model with another head as well.

    Args:
        model: With the predictive expert as its head.
        experts: Their config is completed.
        world_model: Where the world model came from.
        out: Of the checkpoint.
        region: Whose labels its predictive expert learned from.
    """
    if model.config.trained.get("region", "whole") == region:
        for file in ("config.json", "model.safetensors"):
            shutil.copyfile(world_model / file, out / file)
    else:
        before = dict(model.config.trained)
        trained = {**before, "region": region, "head_trained_on": region, "backbone_region": before.get("region")}
        whole = WorldActionModel(replace(model.config, trained=trained))
        whole.load_state_dict(model.state_dict())
        whole.save_pretrained(out)
    digest = sha256_of(out)
    imagination = ImaginationModel.from_pretrained(world_model / imagination_folder.FOLDER)
    imagination.config = replace(imagination.config, policy_sha256=digest)
    imagination.save_pretrained(out / imagination_folder.FOLDER)
    experts.config = replace(experts.config, wam_sha256=digest)
    experts.save_pretrained(out / experts_folder.FOLDER)
