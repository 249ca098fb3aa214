"""Recipe of HarmoWAM's second stage: experts and gate beside a world model that stays as it is."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from wam_demo.errors import InvalidInputError
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.harmo import experts as experts_folder
from wam_demo.models.harmo.experts import Experts, ExpertsConfig
from wam_demo.models.harmo.imagined import imagine_freely
from wam_demo.models.harmo.phases import interaction
from wam_demo.models.harmo.reactive import ReactiveConfig
from wam_demo.models.precision import autocast
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam import imagination as imagination_folder
from wam_demo.models.wam.imagination import ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.sim.regions import Region
from wam_demo.train.batches import TrainingFrames, draw, rows_on
from wam_demo.train.cache import Cache, cache_key, encoded_rows, load_cache
from wam_demo.train.harmo_figures import expert_errors
from wam_demo.train.harmo_losses import MOTION_ROWS, FramesBatch, HarmoBatch, harmo_loss
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.losses import ActionBatch, action_noise
from wam_demo.train.parallel import compute_device

IMAGINED_BATCH = 16


@dataclass(frozen=True)
class HarmoRecipe:
    """Everything that defines a run.

    Attributes:
        reactive: Sizes of the reactive expert.
        gate_hidden: Width of the gate.
        loop: Steps, rates, EMA.
        batch: Samples per step, of each kind.
        draws: Noise draws of the predictive expert per observation.
        imagined: Frames, evenly spread over the dataset, whose futures are imagined, once: that is what costs.
        steps: Euler steps of that imagination.
    """

    reactive: ReactiveConfig = field(default_factory=ReactiveConfig)
    gate_hidden: int = 128
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=3000, lr=1e-3, muon=True))
    batch: int = 32
    draws: int = 4
    imagined: int = 2_500
    steps: int = 1


@dataclass(frozen=True)
class ImaginedFrames:
    """Frames whose futures were imagined.

    Attributes:
        rows: (M,) int64 rows of the cache, ascending.
        latents: (M, cameras, horizons, C, H, W) float16.
    """

    rows: Tensor
    latents: np.ndarray

    def among(self, rows: Tensor) -> Tensor:
        """Positions of those whose frame is one of these rows."""
        return torch.nonzero(torch.isin(self.rows, rows))[:, 0]


class HarmoBatches:
    """Draws training batches; the batch of a step depends only on the seed and the step.

    Args:
        frames: Of the demonstrations; their rows are those that may be learned from.
        imagined: Futures of some of them.
        labels: (N,) bool, what the gate is to say of each frame.
        recipe: Sizes of batches.
        seed: Of all draws.
        device: Where batches go.
    """

    def __init__(
        self,
        frames: TrainingFrames,
        imagined: ImaginedFrames,
        labels: Tensor,
        recipe: HarmoRecipe,
        seed: int,
        device: torch.device,
    ) -> None:
        self.frames, self.imagined, self.labels = frames, imagined, labels
        self.recipe, self.seed, self.device = recipe, seed, device
        self._positions = imagined.among(frames.rows)
        if not len(self._positions):
            raise InvalidInputError("no imagined frame may be learned from: imagine more, or take another region")
        self._imagined = rows_on(imagined.latents, device)

    def __call__(self, step: int) -> HarmoBatch:
        """The batch of this step."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        frames, count = self.frames, self.recipe.batch
        rows = draw(frames.rows, count, generator)
        chunk = frames.chunks[rows]
        noise, tau = action_noise((count, self.recipe.draws, *chunk.shape[1:]), generator)
        action = ActionBatch(*frames.observed(rows), chunk, noise, tau).to(self.device)
        imagined = self._read(draw(self._positions, count, generator))
        happened = self._happened(draw(frames.rows, count, generator))
        return HarmoBatch(action, self.labels[rows].to(self.device), imagined, happened)

    def _read(self, positions: Tensor) -> FramesBatch:
        """Imagined frames, with the label of the frame that they were imagined from."""
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
    """Train reactive expert and gate beside a world action model, and write all of it to ``out``.

    The predictive expert is the world model's own action head, as it is, when it learned from labels of the same
    region; else a new one is trained here on these labels, and the world model in ``out`` has it.

    Args:
        recipe: Sizes and schedule.
        world_model: Checkpoint of the world action model; frozen.
        data: A dataset written by ``demos``.
        out: Run directory: log, resumable state and a checkpoint that `HarmoPolicy` reads.
        tokenizer: The world model's, frozen.
        region: Where labels may lie; see `wam_demo.sim.regions`.
        seed: Seeds batches and noise.
        resume: Continue a run in ``out``.

    Raises:
        InvalidInputError: The world model belongs to another tokenizer, or cannot imagine freely.
    """
    torch.manual_seed(seed)
    device, model = compute_device(), WorldActionModel.from_pretrained(world_model)
    imagination = _free_imagination(world_model).to(device)
    if model.config.trained.get("encoder_sha256", tokenizer.encoder_digest()) != tokenizer.encoder_digest():
        raise InvalidInputError(f"{world_model} was trained with another tokenizer than the one in use here")
    cache, imagined = _frames(recipe, (imagination, model.to(device)), world_model, data, tokenizer, region)
    train_rows, _ = cache.split()
    labels = torch.from_numpy(
        interaction(cache.chunks[..., 6].numpy(), cache.states[:, 2].numpy(), cache.episode.numpy(), cache.every)
    )
    provenance: dict[str, object] = {
        "region": region,
        "frames": len(train_rows),
        "imagined_frames": len(imagined.among(train_rows)),
        "steps": recipe.loop.steps,
        "batch": recipe.batch,
        "seed": seed,
    }
    config = ExpertsConfig(
        model.config.backbone, recipe.reactive, recipe.gate_hidden, steps=recipe.steps, trained=provenance
    )
    modules = nn.ModuleDict({"experts": Experts(config)})
    if model.config.trained.get("region", "whole") != region:
        modules["head"] = _new_head(model)
    trainer = Trainer(modules.to(device), recipe.loop, out, resume=resume)
    frames = TrainingFrames(cache, train_rows, copy.deepcopy(model.normaliser).cpu(), device)
    batches = HarmoBatches(frames, imagined, labels, recipe, seed, device)
    head, averaged = _child(modules, "head"), trainer.averaged
    experts: Experts = averaged["experts"]

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        with autocast(device):
            return harmo_loss(model, modules["experts"], head, batches(step))

    def report(step: int) -> dict[str, float]:
        whole = _with_head(model, _child(averaged, "head"))
        experts.config.trained["steps"] = step
        save_harmo(whole, experts, world_model, out, region)
        return expert_errors(whole, experts, cache, imagined.rows, imagined.latents, labels)

    curves = trainer.run(loss, report=report)
    return trainer.summary(recipe.batch, curves)


def _free_imagination(world_model: Path) -> ImaginationModel:
    """The imagination model beside a world model's weights; refuses one that must be told how the arm moves."""
    folder = world_model / imagination_folder.FOLDER
    if not folder.is_dir() or not (imagination := ImaginationModel.from_pretrained(folder)).config.free:
        raise InvalidInputError(f"{folder} holds no model that imagines freely: 'train imagination --free' makes one")
    return imagination


def _frames(
    recipe: HarmoRecipe,
    models: tuple[ImaginationModel, WorldActionModel],
    world_model: Path,
    data: Path,
    tokenizer: Tokenizer,
    region: Region,
) -> tuple[Cache, ImaginedFrames]:
    """The frames of a dataset, and the futures of some of them, imagined if that has not been done."""
    cache = load_cache(data, tokenizer, region=region)
    count = min(recipe.imagined, len(cache.states))
    rows = torch.linspace(0, len(cache.states) - 1, count).round().long()
    imagination, model = models
    video = model.config.backbone
    shape = (count, video.cameras, video.horizons, video.latent_channels, video.latent_size, video.latent_size)
    weights = sha256_of(world_model), sha256_of(world_model / imagination_folder.FOLDER)
    key = cache_key(*weights, cache.content, count, recipe.steps)
    batches = _imagined_batches(cache, rows, imagination, model, recipe.steps)
    return cache, ImaginedFrames(rows, encoded_rows(data / "cache" / f"imagined-{key}.npy", shape, batches))


@torch.no_grad()
def _imagined_batches(
    cache: Cache, rows: Tensor, imagination: ImaginationModel, model: WorldActionModel, steps: int
) -> Iterator[np.ndarray]:
    device, video = next(model.parameters()).device, model.config.backbone
    latents = rows_on(cache.latents, device)
    with tqdm(total=len(rows), desc="imagined", disable=None) as bar:
        for part in rows.split(IMAGINED_BATCH):
            now = latents(part)
            shape = (len(part), video.cameras, video.horizons, *now.shape[2:])
            noise = torch.randn(shape, generator=torch.Generator().manual_seed(int(part[0]))).to(device)
            text, state = cache.embeddings[cache.text[part]].to(device), cache.states[part].to(device)
            with autocast(device):
                future = imagine_freely(imagination, model, model.read(now, text, state), noise, steps)
                yield future.float().cpu().numpy()
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
