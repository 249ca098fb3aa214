"""Recipe of the ``simsem`` teacher: what and where, from randomised renders with free labels."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.precision import autocast
from wam_demo.models.teacher import Simsem, SimsemConfig
from wam_demo.train.loop import LoopConfig, Trainer
from wam_demo.train.parallel import compute_device, is_main, own_share
from wam_demo.train.randomised import LABEL_STRIDE, load_randomised

COLOURED = (4, 5, 6, 7, 8)
"""Segment classes whose colour and offset are asked for: object, container, marker, button, drawer."""
CLASSES = 9
_OFFSET_SCALE = 16.0
"""Offsets are learned in units of one token's side [px]."""


@dataclass(frozen=True)
class TeacherRecipe:
    """Everything that defines a run."""

    model: SimsemConfig = field(default_factory=SimsemConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=5200, lr=1e-3, warmup=200, decay=0.4, muon=True))
    batch: int = 32
    scenes: int = 4000
    frames_per_scene: int = 4
    compile: bool = True


class LabelHeads(nn.Module):
    """A linear read-out of every label at half resolution from each token; thrown away after training."""

    def __init__(self, config: SimsemConfig) -> None:
        super().__init__()
        self.side = config.patch // LABEL_STRIDE
        self.grid = config.image_size // config.patch
        self.channels = CLASSES + 2 + 3 + 1
        self.linear = nn.Linear(config.dim, self.channels * self.side**2)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, grid * grid, dim) to (B, channels, H / 2, W / 2)."""
        maps = self.linear(tokens).transpose(1, 2).unflatten(2, (self.grid, self.grid))
        return F.pixel_shuffle(maps, self.side)


def label_loss(predicted: Tensor, labels: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """Class, offset to the instance's centre, colour and log depth.

    Args:
        predicted: (B, 15, h, w) from `LabelHeads`.
        labels: ``segment`` (B, h, w) int64; ``offset`` (B, h, w, 2) px; ``colour`` (B, h, w, 3) in
            0..1; ``depth`` (B, h, w) m.
    """
    logits, offset, colour, depth = predicted.float().split([CLASSES, 2, 3, 1], 1)
    segment = labels["segment"]
    weight = torch.tensor([0.5, 0.5, 1.0, 2.0] + [3.0] * (CLASSES - 4), device=logits.device)
    classify = F.cross_entropy(logits, segment, weight=weight)
    inside = torch.isin(segment, torch.tensor(COLOURED, device=segment.device))
    count = inside.sum().clamp_min(1)
    target = labels["offset"].permute(0, 3, 1, 2) / _OFFSET_SCALE
    centre = (F.smooth_l1_loss(offset, target, reduction="none", beta=0.1).sum(1) * inside).sum() / count
    tint = ((colour - labels["colour"].permute(0, 3, 1, 2)).abs().sum(1) * inside).sum() / count
    far = (depth[:, 0] - labels["depth"].clamp(0.02, 4).log()).abs().mean()
    accuracy = (logits.argmax(1) == segment)[inside].float().mean()
    parts = {"classify": classify, "centre": centre, "colour": tint, "depth": far, "object_accuracy": accuracy}
    return classify + centre + tint + 0.5 * far, {name: value.detach() for name, value in parts.items()}


def photographed(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """(B, 3, H, W) in 0..1 as other cameras would show them: exposure, tint, blur, haze and noise, by image.

    It costs little and widens the range of lights and lenses.
    """

    def amount(low: float, high: float, channels: int = 1) -> Tensor:
        drawn = rng.uniform(low, high, (len(pixels), channels, 1, 1))
        return torch.from_numpy(drawn).float().to(pixels.device)

    changed = pixels * amount(0.6, 1.4) * amount(0.85, 1.15, 3)
    blurred = F.avg_pool2d(F.avg_pool2d(changed, 3, 1, 1), 3, 1, 1)
    changed = changed.lerp(blurred, amount(-1, 1).clamp_min(0))
    changed = changed.lerp(amount(0.3, 1).expand_as(changed), amount(-0.35, 0.35).clamp_min(0))
    grain = torch.from_numpy(rng.standard_normal(pixels.shape, np.float32)).to(pixels.device)
    return (changed + grain * amount(-0.05, 0.05).clamp_min(0)).clamp(0, 1)


def train_teacher(
    recipe: TeacherRecipe, renders: list[Path], out: Path, *, seed: int = 0, resume: bool = False
) -> dict[str, Any]:
    """Train on files written by `ensure_randomised` and write the checkpoint to ``out``."""
    torch.manual_seed(seed)
    arrays = load_randomised(renders)
    count = len(arrays["image"])
    # Whole scenes at the end are held out: frames of one scene resemble each other.
    train_count = count - min(max(recipe.frames_per_scene, count // 50), count // 2)
    modules = nn.ModuleDict({"teacher": Simsem(recipe.model), "heads": LabelHeads(recipe.model)})
    device = compute_device()
    trainer = Trainer(modules.to(device), recipe.loop, out, resume=resume)

    def batch_of(rows: np.ndarray) -> tuple[Tensor, dict[str, Tensor]]:
        pixels = torch.from_numpy(arrays["image"][rows]).permute(0, 3, 1, 2).float() / 255
        labels = {
            "segment": torch.from_numpy(arrays["segment"][rows]).long(),
            "offset": torch.from_numpy(arrays["offset"][rows]).float(),
            "colour": torch.from_numpy(arrays["colour"][rows]).float() / 255,
            "depth": torch.from_numpy(arrays["depth"][rows]).float(),
        }
        return pixels.to(device), {name: value.to(device) for name, value in labels.items()}

    def forward(pixels: Tensor, *labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        predicted = modules["heads"](modules["teacher"](pixels))
        return label_loss(predicted, dict(zip(("segment", "offset", "colour", "depth"), labels, strict=True)))

    share = own_share()
    share.require(batch=recipe.batch)
    own = share.of(recipe.batch)
    compiled = torch.compile(forward) if recipe.compile else forward

    def loss(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        generator = np.random.default_rng((seed, step))
        pixels, labels = batch_of(generator.integers(train_count, size=recipe.batch))
        with autocast(device):
            return compiled(photographed(pixels, generator)[own], *(label[own] for label in labels.values()))

    averaged = trainer.averaged

    @torch.no_grad()
    def report(step: int) -> dict[str, float]:
        averaged["teacher"].save_pretrained(out)
        pixels, labels = batch_of(np.arange(train_count, count)[:256])
        with autocast(device):
            parts = label_loss(averaged["heads"](averaged["teacher"](pixels)), labels)[1]
        return {f"held_{name}": float(value) for name, value in parts.items()}

    curves = trainer.run(loss, report=report, report_every=500)
    if is_main():
        averaged["teacher"].save_pretrained(out)
    return trainer.summary(recipe.batch, curves)
