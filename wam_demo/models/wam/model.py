"""The world action model: one video transformer that imagines, one action transformer that reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint
from wam_demo.models.chunk import ChunkNormaliser, motion_of
from wam_demo.models.flow import euler, euler_stages
from wam_demo.models.text import text_encoder
from wam_demo.models.wam.action_head import ActionHead, ActionHeadConfig
from wam_demo.models.wam.backbone import BackboneConfig, VideoBackbone
from wam_demo.models.wam.reader import InstructionReader, ReaderConfig

READ_TOGETHER = 256
"""Instructions whose tokens are held at a time."""


@dataclass(frozen=True)
class WamConfig:
    """Architecture and sampling of a world action model.

    Attributes:
        backbone: The video transformer.
        head: The action transformer.
        cameras: Views in token order.
        action_steps: Euler steps for a chunk.
        video_steps: Euler steps for an imagination.
        video_shift: Schedule shift of the video flow (more time near noise).
        draws: Chunks sampled and averaged per plan.
        reader: Of the tokens of instructions, where one was trained; without, their sentence embeddings are all it has.
        trained: Free-form provenance: recipe, data, steps, teacher.
    """

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    head: ActionHeadConfig = field(default_factory=ActionHeadConfig)
    cameras: tuple[str, ...] = ("front", "wrist")
    action_steps: int = 4
    video_steps: int = 4
    video_shift: float = 2.0
    draws: int = 4
    reader: ReaderConfig | None = None
    trained: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedChunk:
    """What `WorldActionModel.act` returns.

    Attributes:
        actions: (B, 16, 7) float32, executable.
        attention: (B, layers, N + 2) softmax mass of each action layer on the video tokens, then
            proprio and text; averaged over heads, draws and chunk steps at the last Euler step.
        std_m: (B,) standard deviation of the planned TCP over the draws [m], mean over steps.
    """

    actions: Tensor
    attention: Tensor
    std_m: Tensor


@dataclass(frozen=True)
class BackboneFeatures:
    """What the backbone made of observations, and what it was made from.

    Attributes:
        latents: (B, cameras, C, H, W) in the network's dtype.
        features: Every block's output (B, cameras * frame_tokens, dim).
        text: (B, 384).
        state: (B, 17) normalised.
        rays: (B, cameras * frame_tokens, 9), see `wam_demo.models.geometry.token_rays`.
    """

    latents: Tensor
    features: list[Tensor]
    text: Tensor
    state: Tensor
    rays: Tensor | None = None


class WorldActionModel(nn.Module):
    """Video DiT and action DiT with their normalisation; works on latents and text embeddings."""

    def __init__(self, config: WamConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or WamConfig()
        video = config.backbone
        self.backbone = VideoBackbone(video)
        self.head = ActionHead(
            config.head,
            video_dim=video.dim,
            video_depth=video.depth,
            grid=video.grid,
            cameras=video.cameras,
            text_dim=video.text_dim,
            state_dim=video.state_dim,
        )
        self.reader = None if config.reader is None else InstructionReader(config.reader)
        self.normaliser = ChunkNormaliser(config.head.steps, config.head.action_dim, video.state_dim)

    @property
    def dtype(self) -> torch.dtype:
        """Compute dtype: that of the weights."""
        return self.backbone.embed.weight.dtype

    def read_instructions(self, texts: Sequence[str]) -> Tensor:
        """(N, 384) what the network is given of each instruction; raises `InvalidInputError` if one is unusable."""
        encoder = text_encoder()
        if self.reader is None:
            return torch.from_numpy(encoder.embed(texts))
        read = []
        for start in range(0, len(texts), READ_TOGETHER):  # a dataset has thousands
            part = texts[start : start + READ_TOGETHER]
            numbers = (encoder.embed(part), *encoder.tokens(part))
            read.append(self.reader(*(torch.from_numpy(value).to(self.reader.places.device) for value in numbers)))
        return torch.cat(read)

    def features(
        self, latents: Tensor, text: Tensor, state: Tensor, tau: Tensor | None = None, rays: Tensor | None = None
    ) -> list[Tensor]:
        """The action-conditioning pass.

        Args:
            latents: (B, cameras, C, H, W) observed.
            text: (B, 384).
            state: (B, 17) normalised.
            tau: (B,) flow time of the video; 1, a future of pure noise, unless a training arm asks otherwise.
            rays: (B, cameras * frame_tokens, 9) of calibrated cameras, zeros where one is not.

        Returns:
            Every block's output (B, cameras * frame_tokens, dim).
        """
        if tau is None:
            tau = torch.ones(len(latents), device=latents.device)
        return self.backbone.features(latents, self.backbone.condition(text, state, tau), rays)

    @torch.no_grad()
    def read(self, latents: Tensor, text: Tensor, state: Tensor, rays: Tensor | None = None) -> BackboneFeatures:
        """The action-conditioning pass over observations as they come.

        Args:
            latents: (B, cameras, C, H, W).
            text: (B, 384).
            state: (B, 17) raw.
            rays: As for `features`.
        """
        latents, text = latents.to(self.dtype), text.to(self.dtype)
        state = self.normaliser.encode_state(state.float()).to(self.dtype)
        return BackboneFeatures(latents, self.features(latents, text, state, rays=rays), text, state, rays)

    def act(
        self, latents: Tensor, text: Tensor, state: Tensor, noise: Tensor, rays: Tensor | None = None
    ) -> PlannedChunk:
        """Plan a chunk: `read`, then a few Euler steps of the action head.

        Args:
            latents: (B, cameras, C, H, W).
            text: (B, 384).
            state: (B, 17) raw.
            noise: (B, draws, 16, 7) standard normal.
            rays: As for `features`.
        """
        observed = self.read(latents, text, state, rays)
        return self.plan(observed.features, observed.text, observed.state, noise)

    @torch.no_grad()
    def plan(self, features: list[Tensor], text: Tensor, state: Tensor, noise: Tensor) -> PlannedChunk:
        """The second half of `act`, from video features; where interventions on tokens enter.

        Args:
            features: Every block's output (B, cameras * frame_tokens, dim).
            text: (B, 384).
            state: (B, 17) normalised.
            noise: (B, draws, 16, 7).
        """
        static, context = self.head.context(features, text, state)
        weights: list[Tensor] = []

        def predict(chunk: Tensor, tau: Tensor) -> Tensor:
            times = tau[:, None].expand(chunk.shape[:2])
            result, weights[:] = self.head(chunk.to(self.dtype), times, static, context)
            return result.float()

        chunk = euler(predict, noise.float(), self.config.action_steps)
        attention = torch.stack([weight.float().mean((1, 2, 3)) for weight in weights], 1)
        return self.planned(chunk, attention)

    def planned(self, chunk: Tensor, attention: Tensor) -> PlannedChunk:
        """What sampled chunks (B, draws, 16, 7), normalised, and their attention say together."""
        paths = (chunk * self.normaliser.chunk_std + self.normaliser.chunk_mean)[..., :3]
        std_m = paths.std(1, correction=0).norm(dim=-1).mean(-1)
        return PlannedChunk(self.normaliser.decode_chunk(chunk.mean(1)), attention, std_m)

    def imagine_stages(
        self, observed: BackboneFeatures, noise: Tensor, actions: Tensor | None = None
    ) -> Iterator[Tensor]:
        """Sample future latents, one Euler step at a time; the last one yielded is the sample.

        Args:
            observed: Of the present.
            noise: (B, cameras, horizons, C, H, W) standard normal.
            actions: (B, 16, 7) that will be executed; without, the arm's motion is imagined too.

        Yields:
            (B, cameras, horizons, C, H, W).
        """
        motion = None if actions is None else self.normaliser.encode_motion(motion_of(actions)).to(self.dtype)

        def predict(future: Tensor, tau: Tensor) -> Tensor:
            condition = self.backbone.condition(observed.text, observed.state, tau)
            noisy = future.to(self.dtype)
            return self.backbone.video(observed.latents, noisy, condition, tau, motion, rays=observed.rays)[0]

        yield from euler_stages(predict, noise.float(), self.config.video_steps, shift=self.config.video_shift)

    def to_compute(self, dtype: torch.dtype) -> Self:
        """Cast the networks, keeping the normalisation statistics in float32."""
        self.backbone.to(dtype)
        self.head.to(dtype)
        return self

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "wam", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values = read_config(directory, "wam")
        values.pop("kind")
        values["backbone"] = BackboneConfig(**values["backbone"])
        values["head"] = ActionHeadConfig(**values["head"])
        values["reader"] = ReaderConfig(**values["reader"]) if values.get("reader") else None
        values["cameras"] = tuple(values["cameras"])
        model = cls(WamConfig(**values))
        load_weights(model, directory)
        return model.eval().requires_grad_(False)
