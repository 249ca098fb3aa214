"""The imagination model: blocks of its own for the tokens of the future, which read what the policy reads.

A world action model learns to act and to imagine in one backbone. Afterwards the tokens of the future get a copy of
the blocks to themselves (a mixture of transformers, arXiv 2411.04996) and learn on, conditioned on where geometry says
that things will be (`wam_demo.models.geometry`) and on the pictures of now warped into the wrist's future view, which
are taken over where they are right (compositing masks, arXiv 1605.07157). The backbone and every plan stay as they are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint
from wam_demo.models.chunk import motion_of
from wam_demo.models.flow import euler_stages, velocity_to
from wam_demo.models.geometry import CELL_GEOMETRY_DIM, Calibration, cell_geometry
from wam_demo.models.layers import embed_position
from wam_demo.models.tokenizer import PictureTokenizer
from wam_demo.models.wam.backbone import BackboneConfig, ContextBlock, VideoBackbone, patchify, unpatchify
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel
from wam_demo.models.warping import TableMemory, warped_wrist

FOLDER = "imagination"
"""Where it lies beside its policy's weights."""
SOURCES = 2
"""Pictures of now that a wrist's picture is brought over from: the front's and the wrist's."""

HELD = 0.1
"""How far a dream's latents are drawn towards those of the pictures that they show, at each anchor."""


@dataclass(frozen=True)
class ImaginationConfig:
    """What rebuilds an imagination model.

    Attributes:
        backbone: Of the policy that it reads, and of its own blocks.
        calibration: Of the cameras.
        policy_sha256: Weights of that policy.
        steps: Euler steps of an imagination; it is trained at the flow times that these visit.
        shift: Schedule shift of the flow (more time near noise).
        remembers: It was trained with a map of what it saw before (`TableMemory`), and dreams with one.
        trained: Free-form provenance.
    """

    backbone: BackboneConfig
    calibration: Calibration
    policy_sha256: str
    steps: int = 2
    shift: float = 2.0
    remembers: bool = False
    trained: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class MotionConditioning:
    """How the arm will move, and what follows for every cell.

    Attributes:
        motion: (B, K, 8) as from `ChunkNormaliser.encode_motion`.
        geometry: (B, cameras, K, frame_tokens, 15), see `wam_demo.models.geometry.cell_geometry`.
        warped: (B, K, 2, C, H, W) latents of `wam_demo.models.warping.warped_wrist`.
    """

    motion: Tensor
    geometry: Tensor
    warped: Tensor


def motion_conditioning(
    model: WorldActionModel,
    tokenizer: PictureTokenizer,
    calibration: Calibration,
    observed: BackboneFeatures,
    motion: Tensor,
    horizons: Sequence[int],
    images: Tensor | None = None,
    memory: TableMemory | None = None,
) -> MotionConditioning:
    """What follows from a motion.

    Args:
        model: Its normaliser is used.
        tokenizer: The model's.
        calibration: Of the cameras.
        observed: Where from.
        motion: (B, K, 8) normalised.
        horizons: Which imagined frames these K are.
        images: (B, cameras, 3, H, W) float32 of the observed latents, where they are decoded already.
        memory: Of a dream: what was seen before.
    """
    latents = observed.latents
    if images is None:
        images = decode_views(tokenizer, latents)
    raw, state = model.normaliser.decode_motion(motion, horizons), model.normaliser.decode_state(observed.state)
    geometry = cell_geometry(calibration, state, raw, model.config.backbone.grid)
    pictures = warped_wrist(calibration, state, raw, images, memory)
    warped = tokenizer.encode(pictures.flatten(0, 2).to(latents.dtype)).unflatten(0, pictures.shape[:3])
    return MotionConditioning(motion.to(latents.dtype), geometry, warped)


def conditioning_stages(
    model: WorldActionModel,
    tokenizer: PictureTokenizer,
    calibration: Calibration,
    observed: BackboneFeatures,
    motion: Tensor,
) -> Iterator[MotionConditioning | None]:
    """As `motion_conditioning` for all imagined frames; ``None`` after each piece of work, what follows at the end."""
    with torch.inference_mode():
        images = decode_views(tokenizer, observed.latents)
    yield None
    parts = []
    for moment in range(model.config.backbone.horizons):
        one = motion[:, moment : moment + 1]
        with torch.inference_mode():
            parts.append(motion_conditioning(model, tokenizer, calibration, observed, one, [moment], images))
        yield None
    geometry = torch.cat([part.geometry for part in parts], 2)
    motion = motion.to(observed.latents.dtype)
    yield MotionConditioning(motion, geometry, torch.cat([part.warped for part in parts], 1))


def decode_views(tokenizer: PictureTokenizer, latents: Tensor) -> Tensor:
    """(B, cameras, C, h, w) latents to (B, cameras, 3, H, W) float32 pictures in 0..1."""
    return tokenizer.decode(latents.flatten(0, 1)).float().unflatten(0, latents.shape[:2])


def held_to_pictures(latents: Tensor, shown: Tensor) -> Tensor:
    """What a dream goes on from: imagined latents, drawn a little (`HELD`) towards those of the pictures they show.

    Without this, dreams that are driven for minutes come to nothing sooner; drawn wholly, they lose sharpness
    (docs/results.md, *How long a dream lasts*).

    Args:
        latents: (B, cameras, C, h, w) as they were imagined.
        shown: (B, cameras, C, h, w) of their pictures, encoded.
    """
    return torch.lerp(latents, shown.to(latents.dtype), HELD)


class CellGeometryEmbedding(nn.Module):
    """What geometry says about a cell as a part of its token; nothing at first."""

    def __init__(self, dim: int, grid: int) -> None:
        super().__init__()
        self.dim, self.grid = dim, grid
        near = dim // 6
        self.near = near
        self.front, self.wrist = nn.Linear(dim + 1, dim), nn.Linear(dim + 1, dim)
        self.tool = nn.Sequential(nn.Linear(2 * near + CELL_GEOMETRY_DIM - 6, dim), nn.SiLU(), nn.Linear(dim, dim))
        for layer in (self.front, self.wrist, self.tool[2]):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, geometry: Tensor) -> Tensor:
        """(..., 15) to (..., dim)."""
        dtype = self.front.weight.dtype
        in_front, in_wrist, rest = geometry[..., :3], geometry[..., 3:6], geometry[..., 6:]
        tools = [embed_position(rest[..., first : first + 2] / 2, 2 * self.grid, self.near) for first in (0, 3)]
        tool = self.tool(torch.cat([*tools, rest], -1).to(dtype))
        return self.front(self._there(in_front).to(dtype)) + self.wrist(self._there(in_wrist).to(dtype)) + tool

    def _there(self, place: Tensor) -> Tensor:
        """The position that the token of that place has, and 1; zeros where it is not seen."""
        middles = place[..., :2] * self.grid / (self.grid - 1)
        position = embed_position(middles, self.grid, self.dim)
        return torch.cat([position, torch.ones_like(position[..., :1])], -1) * place[..., 2:]


class WarpedWrist(nn.Module):
    """What geometry brings over, as a part of the wrist's tokens and to be taken over by them; nothing at first."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.patch = config.patch
        self.embed = nn.Linear(SOURCES * config.patch_dim, config.dim)
        self.masks = nn.Linear(config.dim, SOURCES * config.patch**2)
        for layer in (self.embed, self.masks):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, warped: Tensor) -> Tensor:
        """(B, K, 2, C, H, W) to (B, K * frame_tokens, dim)."""
        patches = patchify(warped, self.patch).transpose(2, 3)
        return self.embed(patches.flatten(3)).flatten(1, 2)

    def taken_over(self, tokens: Tensor, warped: Tensor, anchor: Tensor) -> Tensor:
        """How it changes what is imagined.

        Args:
            tokens: (B, K * frame_tokens, dim) that are about to say how the wrist's pictures change.
            warped: (B, K, 2, C, H, W).
            anchor: (B, C, H, W) the wrist's latents now.

        Returns:
            (B, K, C, H, W) to be added to the change.
        """
        masks = self.masks(F.layer_norm(tokens, tokens.shape[-1:])).float()
        masks = unpatchify(masks.unflatten(1, (warped.shape[1], -1)), self.patch)
        return (masks[:, :, :, None] * (warped - anchor[:, None, None])).sum(2)


class ImaginationModel(nn.Module):
    """Velocity of noisy future latents, given what a policy's backbone made of the present."""

    def __init__(self, config: ImaginationConfig) -> None:
        super().__init__()
        self.config = config
        self.net = VideoBackbone(config.backbone, ContextBlock)
        # the names of these are in every checkpoint
        self.places = CellGeometryEmbedding(config.backbone.dim, config.backbone.grid)
        self.warped = WarpedWrist(config.backbone)

    def begin_as(self, backbone: VideoBackbone) -> None:
        """Take over the weights with which the backbone imagines."""
        self.net.load_state_dict(backbone.state_dict())

    def forward(
        self,
        model: WorldActionModel,
        observed: BackboneFeatures,
        future: Tensor,
        tau: Tensor,
        conditioning: MotionConditioning,
        horizons: Sequence[int],
    ) -> Tensor:
        """Velocity shaped as ``future``, float32.

        Args:
            model: The policy's network.
            observed: What it reads.
            future: (B, cameras, K, C, H, W) noisy at ``tau``.
            tau: (B,) flow time.
            conditioning: How the arm will move.
            horizons: Which future frames these K are.
        """
        net = self.net
        condition = net.condition(observed.text, observed.state, tau)
        tokens = net.future_tokens(future, observed.latents, conditioning.motion, horizons)
        tokens = tokens + self.places(conditioning.geometry).flatten(1, 3)
        front, wrist = tokens.chunk(2, 1)
        tokens = torch.cat([front, wrist + self.warped(conditioning.warped)], 1)
        seen_now = model.backbone.observed_tokens(observed.latents, observed.rays).detach()
        entering = [seen_now, *observed.features[:-1]]
        for block, seen in zip(net.blocks, entering, strict=True):
            tokens = block(tokens, seen, condition)
        front, wrist = net.clean(tokens, observed.latents, condition).unbind(1)
        wrist = wrist + self.warped.taken_over(tokens.chunk(2, 1)[1], conditioning.warped, observed.latents[:, 1])
        return velocity_to(torch.stack([front, wrist], 1), future, tau)

    def mean_frame(
        self,
        model: WorldActionModel,
        observed: BackboneFeatures,
        conditioning: MotionConditioning,
        horizon: int = 0,
    ) -> Tensor:
        """What one pass makes of no noise at all, the mean of what a future frame may be.

        Args:
            model: The policy's network.
            observed: What it reads.
            conditioning: Of that frame alone.
            horizon: Which future frame.

        Returns:
            (B, cameras, C, h, w) latents, float32.
        """
        nothing = torch.zeros_like(observed.latents)[:, :, None]
        pure_noise = torch.ones(len(nothing), device=nothing.device)
        return -self(model, observed, nothing, pure_noise, conditioning, [horizon])[:, :, 0]

    def imagine_stages(
        self,
        model: WorldActionModel,
        tokenizer: PictureTokenizer,
        observed: BackboneFeatures,
        noise: Tensor,
        actions: Tensor,
    ) -> Iterator[Tensor | None]:
        """Sample future latents: ``None`` after other work, then each Euler step's; the last is the sample.

        Args:
            model: The policy's network.
            tokenizer: The policy's.
            observed: What it reads.
            noise: (B, cameras, horizons, C, H, W) standard normal.
            actions: (B, 16, 7) that will be executed.
        """
        horizons = range(self.config.backbone.horizons)
        motion = model.normaliser.encode_motion(motion_of(actions))
        for conditioning in conditioning_stages(model, tokenizer, self.config.calibration, observed, motion):
            if conditioning is None:
                yield None

        def predict(future: Tensor, tau: Tensor) -> Tensor:
            assert conditioning is not None, "it comes last"
            return self(model, observed, future.to(model.dtype), tau, conditioning, horizons)

        yield from self.sample_stages(predict, noise)

    def sample_stages(self, predict: Callable[[Tensor, Tensor], Tensor], noise: Tensor) -> Iterator[Tensor]:
        """As `imagine_stages`, with this velocity at (future, tau)."""
        yield from euler_stages(predict, noise.float(), self.config.steps, shift=self.config.shift)

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "imagination", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values = read_config(directory, "imagination")
        values.pop("kind")
        values["backbone"] = BackboneConfig(**values["backbone"])
        values["calibration"] = Calibration.from_json(values["calibration"])
        model = cls(ImaginationConfig(**values))
        load_weights(model, directory)
        return model.eval().requires_grad_(False)
