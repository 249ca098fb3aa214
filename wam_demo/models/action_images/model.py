"""One video model whose sequence holds pictures of the scene and pictures of the action (arXiv 2604.06168).

There is no action head. Which latents are clean says what is asked for: both the scene's future and the action (joint),
the action alone (policy), the future that follows from an action, or the action that a video shows (labelling).

What was observed is read by the backbone of a world action model, which stays as it is: it knows which object words
name. The tokens of the future have blocks of their own (a mixture of transformers, arXiv 2411.04996), which begin as
those of its imagination model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.action_images.pictures import encode, points_of
from wam_demo.models.action_images.sequence import Future, FutureBlock, Present
from wam_demo.models.action_images.views import Views, beside_hand
from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint
from wam_demo.models.chunk import ChunkNormaliser
from wam_demo.models.flow import euler_times
from wam_demo.models.geometry import Calibration, cell_middles, tcp_pose, token_rays
from wam_demo.models.layers import embed_position, modulate
from wam_demo.models.wam.backbone import BackboneConfig, VideoBackbone, patchify, unpatchify
from wam_demo.models.wam.imagination import ImaginationModel
from wam_demo.models.wam.model import WorldActionModel
from wam_demo.types import CHUNK_STEPS

VIEWS = 3
"""Action views: front, wrist, and the one beside the hand, which no camera takes."""
SCALE = 4.0
"""Pictures of actions are mostly dark; times this they vary about as much as latents and noise do."""


@dataclass(frozen=True)
class ActionImagesConfig:
    """What rebuilds an action-images model.

    Attributes:
        backbone: Of the video model, and of what it sees with; both read rays.
        calibration: Of the cameras, where an observation brings none.
        size: Side of the action's pictures [px].
        sigma: Of their Gaussians, as a share of the side.
        margin: How much wider the action's views are than the cameras'.
        frames: Latent frames of an action; each holds 16 / frames steps as channels, as a video tokenizer folds time.
        patch: Pixels of a side of an action token.
        steps: Euler steps of a sample; the model is trained at the flow times that these visit.
        shift: Schedule shift of the flow (more time near noise).
        trained: Free-form provenance.
    """

    backbone: BackboneConfig
    calibration: Calibration
    size: int = 16
    sigma: float = 0.1
    margin: float = 1.25
    frames: int = 2
    patch: int = 4
    steps: int = 2
    shift: float = 2.0
    trained: dict[str, object] = field(default_factory=dict)

    @property
    def action_shape(self) -> tuple[int, ...]:
        """Of an action's latents: (views, frames, 3 * steps a frame, size, size)."""
        return VIEWS, self.frames, 3 * CHUNK_STEPS // self.frames, self.size, self.size


class ActionImagesModel(nn.Module):
    """Clean latents of the future, predicted from noisy ones (x-prediction, arXiv 2511.13720)."""

    def __init__(self, config: ActionImagesConfig) -> None:
        super().__init__()
        self.config = config
        video, dim = config.backbone, config.backbone.dim
        pixels = 3 * config.patch**2
        of_frame = pixels * CHUNK_STEPS // config.frames
        self.sight = VideoBackbone(video).requires_grad_(requires_grad=False)
        self.video = VideoBackbone(video, FutureBlock)
        self.embed_action = nn.Linear(of_frame + pixels, dim)
        self.view = nn.Parameter(torch.randn(VIEWS, 1, 1, dim) * 0.3)
        self.frame = nn.Parameter(torch.randn(config.frames, 1, dim) * 0.3)
        self.is_clean = nn.Parameter(torch.zeros(2, dim))  # action, video
        self.hand = nn.Linear(3 * video.patch**2, dim)
        self.out_modulation = nn.Linear(dim, 2 * dim)
        self.out_action = nn.Linear(dim, of_frame)
        for layer in (self.hand, self.out_modulation, self.out_action):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.normaliser = ChunkNormaliser(CHUNK_STEPS, 7, video.state_dim)
        self.register_buffer("positions", self._positions(), persistent=False)

    def _positions(self) -> Tensor:
        """(views, 1, tokens, dim): where action tokens lie in the picture, in the code of the observed tokens."""
        config, grid = self.config, self.config.backbone.grid
        middles = cell_middles(config.size // config.patch) * grid / (grid - 1)
        margins = torch.tensor([config.margin, config.margin, 1.0]).view(-1, 1, 1, 1)
        return embed_position(middles * margins, grid, config.backbone.dim)

    @property
    def dtype(self) -> torch.dtype:
        """Compute dtype: that of the weights."""
        return self.video.embed.weight.dtype

    def to_compute(self, dtype: torch.dtype) -> Self:
        """Cast the network; the statistics, which are bf16 in a checkpoint anyway, are used in float32."""
        self.to(dtype).normaliser.float()
        return self

    def begin_as(self, model: WorldActionModel, imagination: ImaginationModel | None = None) -> None:
        """Take over the backbone of a world action model to see with, and to imagine with.

        Args:
            model: It knows nothing of pictures of actions.
            imagination: What was trained to imagine for it; by default its backbone imagines too.
        """
        self.see_with(model)
        imagines = (model.backbone if imagination is None else imagination.net).state_dict()
        self.video.load_state_dict({"rays.weight": self.video.rays.weight, **imagines})

    def see_with(self, model: WorldActionModel) -> None:
        """Take over the backbone of a world action model to see with, and its statistics; rays begin with nothing."""
        self.sight.load_state_dict({"rays.weight": self.sight.rays.weight, **model.backbone.state_dict()})
        self.normaliser.load_state_dict(model.normaliser.state_dict())

    def canvas(self, views: Views, state: Tensor) -> Views:
        """The action's views at a raw state (B, 17): those of the cameras (B, 2) with a margin, and beside the hand."""
        return views.widened(self.config.margin).beside(beside_hand(state[:, :3]))

    def draw(self, canvas: Views, points: Tensor, opening: Tensor) -> Tensor:
        """Action latents (B, views, frames, channels, size, size) of (B, 16, 3, 3) points and (B, 16) openings."""
        pictures = SCALE * encode(canvas, points, opening, self.config.size, self.config.sigma)
        return pictures.unflatten(2, (self.config.frames, -1)).flatten(3, 4)

    def pictures(self, action: Tensor) -> Tensor:
        """(B, views, 16, 3, size, size) pictures, in 0..1, of action latents: the inverse of `draw`."""
        return action.unflatten(3, (-1, 3)).flatten(2, 3).float() / SCALE

    def observe(self, latents: Tensor, text: Tensor, state: Tensor, views: Views) -> Present:
        """Read observations.

        Args:
            latents: (B, cameras, C, H, W).
            text: (B, 384).
            state: (B, 17) raw.
            views: (B, cameras) as the cameras stand now.
        """
        config, video = self.config, self.config.backbone
        (tcp, turn), opening = tcp_pose(state), state[:, 9:10]
        points = points_of(tcp, turn)[:, None]
        canvas = self.canvas(views, state)
        drawn, seen = (
            SCALE * encode(there, points, opening, size, config.sigma)[:, :, 0].to(self.dtype)
            for there, size in ((canvas, config.size), (views, video.latent_size))
        )
        latents, text = latents.to(self.dtype), text.to(self.dtype)
        state = self.normaliser.encode_state(state.float()).to(self.dtype)
        time = torch.ones(len(state), device=state.device)
        rays = token_rays(views.numbers, tcp, video.grid)
        with torch.no_grad():
            entering = [self.sight.observed_tokens(latents, rays)]
            entering += self.sight.features(latents, self.sight.condition(text, state, time), rays)[:-1]
        where = self.hand(patchify(seen, video.patch)).flatten(1, 2) + self.video.rays(rays.to(self.dtype))
        condition = self.video.condition(text, state, time)
        blocks = zip(self.video.blocks, entering, strict=True)
        pairs = [block.read(tokens + where, condition) for block, tokens in blocks]
        return Present(pairs, latents, text, state, tcp, views, canvas, drawn)

    def _rays(self, present: Present, views: Views, grid: int) -> Tensor:
        """(B, V, 1, grid * grid, dim)"""
        rays = token_rays(views.numbers, present.tcp, grid).unflatten(1, (-1, 1, grid**2))
        return self.video.rays(rays.to(self.dtype))

    def denoise(
        self, present: Present, future: Future, tau: Tensor, clean: Tensor, horizons: Sequence[int] | None = None
    ) -> Future:
        """What noisy latents come from.

        Args:
            present: What was observed.
            future: Latents, those that are not clean noisy at ``tau``.
            tau: (B,) flow time.
            clean: (B, 2) whether the action, and the video, are given clean.
            horizons: Which of the future frames the video's are; all by default.

        Returns:
            The clean latents, float32; of a part that was given clean they mean nothing.
        """
        return self._denoised(present, future, tau, clean, horizons)[0]

    def _denoised(
        self, present: Present, future: Future, tau: Tensor, clean: Tensor, horizons: Sequence[int] | None = None
    ) -> tuple[Future, list[Tensor]]:
        """As `denoise`, and the attention of each block (B, heads, future tokens, all)."""
        condition = self.video.condition(present.text, present.state, tau)
        tokens = self._action_tokens(present, future.action, clean[:, 0])
        count = tokens.shape[1]
        if future.video is not None:
            horizons = range(self.config.backbone.horizons) if horizons is None else horizons
            tokens = torch.cat([tokens, self._video_tokens(present, future.video, clean[:, 1], horizons)], 1)
        looked = []
        for block, pair in zip(self.video.blocks, present.pairs, strict=True):
            tokens, weights = block(tokens, condition, pair)
            looked.append(weights)
        action, video = tokens[:, :count], tokens[:, count:]
        predicted = None if future.video is None else self.video.clean(video, present.latents, condition)
        return Future(self._clean_action(present, action, condition), predicted), looked

    def _attention(self, looked: list[Tensor]) -> Tensor:
        """See `Future.attention`."""
        config = self.config
        count = VIEWS * config.frames * (config.size // config.patch) ** 2
        seen = config.backbone.cameras * config.backbone.frame_tokens
        mean = torch.stack([weights[:, :, :count].float().mean((1, 2)) for weights in looked]).mean(0)
        return torch.cat([mean[:, :seen], mean[:, seen:].sum(-1, keepdim=True)], -1)

    def _action_tokens(self, present: Present, action: Tensor, clean: Tensor) -> Tensor:
        """(B, views * frames * tokens, dim); each sees the hand as it is now at its own place."""
        config = self.config
        patches = patchify(action.to(self.dtype), config.patch)
        hand = patchify(present.hand, config.patch)[:, :, None].expand(*patches.shape[:-1], -1)
        tokens = self.embed_action(torch.cat([patches, hand], -1)) + self.positions + self.view + self.frame
        tokens = tokens + self._rays(present, present.canvas, config.size // config.patch)
        return tokens.flatten(1, 3) + self._if_clean(0, clean)

    def _video_tokens(self, present: Present, video: Tensor, clean: Tensor, horizons: Sequence[int]) -> Tensor:
        """(B, cameras * K * tokens, dim)"""
        unknown = present.latents.new_zeros(len(video), len(horizons), self.config.backbone.motion_dim)
        tokens = self.video.future_tokens(video.to(self.dtype), present.latents, unknown, horizons)
        rays = self._rays(present, present.views, self.config.backbone.grid)
        return tokens + rays.expand(-1, -1, len(horizons), -1, -1).flatten(1, 3) + self._if_clean(1, clean)

    def _if_clean(self, part: int, clean: Tensor) -> Tensor:
        """(B, 1, dim)"""
        return clean.to(self.dtype)[:, None, None] * self.is_clean[part]

    def _clean_action(self, present: Present, tokens: Tensor, condition: Tensor) -> Tensor:
        """Predicted as a change of the hand as it is now: at first it stays."""
        config = self.config
        shift, scale = self.out_modulation(F.silu(condition))[:, None].chunk(2, -1)
        patches = self.out_action(modulate(tokens, shift, scale))
        change = unpatchify(patches.unflatten(1, (VIEWS, config.frames, -1)), config.patch)
        hand = present.hand.repeat(1, 1, CHUNK_STEPS // config.frames, 1, 1)[:, :, None]
        return hand.float() + change.float()

    def sample_stages(
        self, present: Present, future: Future, *, action_given: bool = False, video_given: bool = False
    ) -> Iterator[Future]:
        """Sample what is not given, one Euler step at a time; the last one yielded is the sample.

        Args:
            present: What was observed.
            future: Standard normal noise where a part is sampled, clean latents where it is given.
            action_given: The action is: imagine what follows.
            video_given: The video is: label it.
        """
        count, device = len(present.text), present.latents.device
        clean = torch.tensor([[action_given, video_given]], device=device).expand(count, -1)
        times = [*euler_times(self.config.steps, shift=self.config.shift).tolist(), 0.0]
        for now, then in pairwise(times):
            with torch.no_grad():
                found, looked = self._denoised(present, future, torch.full((count,), now, device=device), clean)
            if not action_given:
                action = torch.lerp(found.action, future.action.float(), then / now)
                future = replace(future, action=action, attention=self._attention(looked))
            if found.video is not None and future.video is not None and not video_given:
                future = replace(future, video=torch.lerp(found.video, future.video.float(), then / now))
            yield future

    def sample(
        self, present: Present, future: Future, *, action_given: bool = False, video_given: bool = False
    ) -> Future:
        """The sample at the end of `sample_stages`."""
        *_, sampled = self.sample_stages(present, future, action_given=action_given, video_given=video_given)
        return sampled

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "action_images", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values: dict[str, Any] = read_config(directory, "action_images")
        values.pop("kind")
        values["backbone"] = BackboneConfig(**values["backbone"])
        values["calibration"] = Calibration.from_json(values["calibration"])
        model = cls(ActionImagesConfig(**values))
        load_weights(model, directory)
        return model.eval().requires_grad_(False)
