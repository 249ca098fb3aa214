"""Teachers for alignment: frozen visual encoders whose patch features the backbone should resemble."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint

DINOV2 = "vit_small_patch14_dinov2.lvd142m"


class Teacher(Protocol):
    """A frozen encoder of images into patch features."""

    dim: int

    def features(self, images: Tensor, grid: int) -> Tensor:
        """(B, H, W, 3) uint8 to (B, grid * grid, dim) float32."""

    def to(self, device: torch.device) -> Self:
        """Compute there."""

    def digest(self) -> str:
        """Fingerprint of what its features follow from, besides the images."""


@dataclass(frozen=True)
class SimsemConfig:
    """Sizes of the teacher that we train on randomised renders."""

    image_size: int = 128
    patch: int = 16
    dim: int = 192
    depth: int = 6
    heads: int = 3


class Simsem(nn.Module):
    """A timm ViT trained to say what and where things are in randomised renders (named ``simsem``)."""

    def __init__(self, config: SimsemConfig | None = None) -> None:
        from timm.models.vision_transformer import VisionTransformer

        super().__init__()
        self.config = config = config or SimsemConfig()
        self.dim = config.dim
        self.vit = VisionTransformer(
            img_size=config.image_size,
            patch_size=config.patch,
            embed_dim=config.dim,
            depth=config.depth,
            num_heads=config.heads,
            num_classes=0,
            class_token=False,
            global_pool="",
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 to (B, tokens, dim)."""
        return self.vit.forward_features(images * 2 - 1)

    @torch.no_grad()
    def features(self, images: Tensor, grid: int) -> Tensor:
        """See `Teacher.features`."""
        pixels = images.permute(0, 3, 1, 2).float() / 255
        return _to_grid(self(pixels).float(), grid)

    def digest(self) -> str:
        """See `Teacher.digest`."""
        return _weights_digest(self)

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "simsem", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values = read_config(directory, "simsem")
        values.pop("kind")
        teacher = cls(SimsemConfig(**values))
        load_weights(teacher, directory)
        return teacher.eval().requires_grad_(False)


class TimmTeacher:
    """Any pretrained timm ViT, from the Hub; `DINOV2` is the paper's choice.

    Args:
        name: Model name of timm.
        grid: Patches per side that the images are resized for.
        pretrained: Load weights from the Hub; without, an untrained network (a control).

    Raises:
        CheckpointError: The weights cannot be had here.
    """

    def __init__(self, name: str = DINOV2, *, grid: int = 8, pretrained: bool = True) -> None:
        import timm

        try:
            patch = timm.get_pretrained_cfg(name)
            size = grid * (14 if "patch14" in name else 16)
            self.model = timm.create_model(name, pretrained=pretrained, img_size=size, num_classes=0).eval()
        except Exception as error:  # timm and the Hub raise many kinds; all mean the same here
            reason = str(error).splitlines()[0][:120]
            raise CheckpointError(f"teacher {name!r} cannot be loaded: {reason}") from None
        self.model.requires_grad_(False)
        self.size, self.dim = size, self.model.num_features
        self.mean = torch.tensor(patch.mean if patch else (0.5,) * 3).view(1, 3, 1, 1)
        self.std = torch.tensor(patch.std if patch else (0.5,) * 3).view(1, 3, 1, 1)

    def to(self, device: torch.device) -> Self:
        """See `Teacher.to`."""
        self.model.to(device)
        self.mean, self.std = self.mean.to(device), self.std.to(device)
        return self

    def digest(self) -> str:
        """See `Teacher.digest`."""
        return f"{self.size}-{_weights_digest(self.model)}"

    @torch.no_grad()
    def features(self, images: Tensor, grid: int) -> Tensor:
        """See `Teacher.features`."""
        pixels = images.permute(0, 3, 1, 2).float() / 255
        pixels = F.interpolate(pixels, (self.size, self.size), mode="bicubic", antialias=True)
        tokens = self.model.forward_features((pixels - self.mean) / self.std)
        return _to_grid(tokens[:, self.model.num_prefix_tokens :].float(), grid)


class HogTeacher:
    """Histograms of oriented gradients, four cells to a patch: dense features that nothing was trained for."""

    dim = 36
    _PATCH = 16

    def to(self, device: torch.device) -> Self:
        """Stays on the CPU, where scikit-image computes; features are returned to the images' device."""
        return self

    def digest(self) -> str:
        """See `Teacher.digest`."""
        return f"hog-{self._PATCH}"

    def features(self, images: Tensor, grid: int) -> Tensor:
        """See `Teacher.features`."""
        from skimage.feature import hog

        cell = (self._PATCH // 2, self._PATCH // 2)
        rows = [hog(image, 9, cell, (2, 2), feature_vector=False, channel_axis=-1) for image in images.cpu().numpy()]
        patches = np.stack(rows)[:, ::2, ::2].reshape(len(rows), -1, self.dim)  # its blocks overlap by half
        return _to_grid(torch.from_numpy(patches).float().to(images.device), grid)


def _weights_digest(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        digest.update(name.encode() + value.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _to_grid(tokens: Tensor, grid: int) -> Tensor:
    """Resize (B, n * n, D) patch features to (B, grid * grid, D)."""
    side = round(tokens.shape[1] ** 0.5)
    if side == grid:
        return tokens
    maps = tokens.transpose(1, 2).unflatten(2, (side, side))
    return F.interpolate(maps, (grid, grid), mode="bilinear", align_corners=False).flatten(2).transpose(1, 2)


def load_teacher(name: str, directory: Path) -> Teacher:
    """The teacher of this name.

    Args:
        name: ``simsem`` (read from ``directory``), ``untrained`` (the same network with random
            weights, a control), ``hog`` (a control too), ``dinov2s`` or ``dinov2s:BLOCK`` (see
            `Dinov2Teacher`), or the name of a timm ViT.
        directory: Checkpoint of ``simsem``.
    """
    if name == "simsem":
        return Simsem.from_pretrained(directory)
    if name == "untrained":
        torch.manual_seed(0)
        return Simsem().eval().requires_grad_(False)
    if name == "hog":
        return HogTeacher()
    if name.split(":")[0] == "dinov2s":
        return _dinov2(name)
    return TimmTeacher(name)


def load_teachers(names: str, directory: Path) -> dict[str, Teacher]:
    """Teachers by name, of one or of several that are joined by ``+``, as in ``simsem+dinov2s``; see `load_teacher`.

    Raises:
        InvalidInputError: One is named twice.
    """
    chosen = names.split("+")
    if len(set(chosen)) < len(chosen):
        raise InvalidInputError(f"teachers {names[:60]!r} name one twice")
    return {name: load_teacher(name, directory) for name in chosen}


def _dinov2(name: str) -> Teacher:
    from wam_demo.models.dinov2 import BLOCK, Dinov2Teacher

    _, _, block = name.partition(":")
    if block and not block.isdecimal():
        raise InvalidInputError(f"teacher {name[:60]!r} names no block; valid: dinov2s, dinov2s:8")
    return Dinov2Teacher(int(block) if block else BLOCK)
