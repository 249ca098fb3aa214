"""Video diffusion transformer: observed and future latents of all cameras in one sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.flow import velocity_to
from wam_demo.models.geometry import RAY_DIM
from wam_demo.models.layers import (
    FeedForward,
    Modulation,
    attend,
    grid_positions,
    modulate,
    normalise_heads,
    split_heads,
    timestep_embedding,
)


@dataclass(frozen=True)
class BackboneConfig:
    """Sizes of the video transformer.

    Attributes:
        dim: Token width.
        depth: Blocks (M).
        heads: Attention heads.
        latent_channels: Channels of a latent cell.
        latent_size: Latent cells per side.
        patch: Latent cells per side of a token.
        cameras: Number of views.
        horizons: Number of future frames.
        text_dim: Size of a sentence embedding.
        state_dim: Size of the proprioceptive state.
        motion_dim: Numbers that say how the TCP gets to a future frame, see `ChunkNormaliser.encode_motion`.
        rays: Observed tokens are told along which ray they look, where the cameras are calibrated.
    """

    dim: int = 192
    depth: int = 6
    heads: int = 3
    latent_channels: int = 12
    latent_size: int = 16
    patch: int = 2
    cameras: int = 2
    horizons: int = 4
    text_dim: int = 384
    state_dim: int = 17
    motion_dim: int = 8
    rays: bool = False

    @property
    def grid(self) -> int:
        """Tokens per side of one frame."""
        return self.latent_size // self.patch

    @property
    def frame_tokens(self) -> int:
        """Tokens of one frame of one camera."""
        return self.grid**2

    @property
    def patch_dim(self) -> int:
        """Numbers in one token's latents."""
        return self.latent_channels * self.patch**2


def patchify(latents: Tensor, patch: int) -> Tensor:
    """(..., C, H, W) to (..., H/p * W/p, C * p * p)."""
    lead = latents.shape[:-3]
    tokens = F.pixel_unshuffle(latents.flatten(0, -4), patch).flatten(2).transpose(1, 2)
    return tokens.unflatten(0, lead)


def unpatchify(tokens: Tensor, patch: int) -> Tensor:
    """Inverse of `patchify` for square frames."""
    lead, count = tokens.shape[:-2], tokens.shape[-2]
    side = int(count**0.5)
    maps = tokens.flatten(0, -3).transpose(1, 2).unflatten(2, (side, side))
    return F.pixel_shuffle(maps, patch).unflatten(0, lead)


class Block(nn.Module):
    """The parts of a pre-norm transformer block with AdaLN-zero."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = Modulation(dim, 2)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.feed_forward = FeedForward(dim)


class VideoBlock(Block):
    """Observed tokens attend to observed tokens only, future ones to all.

    So the features that the action head reads never depend on a noisy future, and the pass that acts
    is the same computation as the first part of the pass that imagines.
    """

    def forward(self, x: Tensor, condition: Tensor, observed: int) -> Tensor:
        """(B, N, dim) to (B, N, dim); the first ``observed`` tokens are the observed frames."""
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition)
        query, key, value = (
            split_heads(part, self.heads) for part in self.qkv(modulate(x, shift1, scale1)).chunk(3, -1)
        )
        query, key = normalise_heads(query), normalise_heads(key)
        mixed, _ = attend(query[:, :, :observed], key[:, :, :observed], value[:, :, :observed])
        if x.shape[1] > observed:
            future, _ = attend(query[:, :, observed:], key, value)
            mixed = torch.cat([mixed, future], 1)
        x = torch.addcmul(x, gate1, self.out(mixed))
        return torch.addcmul(x, gate2, self.feed_forward(modulate(x, shift2, scale2)))


class ContextBlock(Block):
    """Tokens attend to themselves and to others that were made elsewhere and stay as they are."""

    def forward(self, x: Tensor, context: Tensor, condition: Tensor) -> Tensor:
        """(B, N, dim) to (B, N, dim), attending to ``context`` (B, M, dim) as well."""
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition)
        own = modulate(x, shift1, scale1)
        both = torch.cat([modulate(context, shift1, scale1), own], 1)
        weight, bias, dim = self.qkv.weight, self.qkv.bias, x.shape[-1]
        query = split_heads(F.linear(own, weight[:dim], bias[:dim]), self.heads)
        pair = F.linear(both, weight[dim:], bias[dim:]).chunk(2, -1)
        key, value = (split_heads(part, self.heads) for part in pair)
        mixed, _ = attend(normalise_heads(query), normalise_heads(key), value)
        x = torch.addcmul(x, gate1, self.out(mixed))
        return torch.addcmul(x, gate2, self.feed_forward(modulate(x, shift2, scale2)))


class VideoBackbone(nn.Module):
    """The video DiT: latents in, velocity of the future latents and every block's features out.

    Args:
        config: Sizes.
        block: What its blocks are.
    """

    def __init__(self, config: BackboneConfig, block: type[Block] = VideoBlock) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.embed = nn.Linear(config.patch_dim, dim)
        self.embed_future = nn.Linear(2 * config.patch_dim, dim)
        self.camera = nn.Parameter(torch.randn(config.cameras, dim) * 0.3)
        self.horizon = nn.Parameter(torch.randn(config.horizons + 1, dim) * 0.3)
        self.register_buffer("positions", grid_positions(config.grid, dim), persistent=False)
        self.text = nn.Linear(config.text_dim, dim)
        self.state = nn.Sequential(nn.Linear(config.state_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.time = nn.Sequential(nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.motion = nn.Sequential(nn.Linear(config.motion_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.blocks = nn.ModuleList(block(dim, config.heads) for _ in range(config.depth))
        self.out_modulation = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, config.patch_dim)
        for layer in (self.out, self.out_modulation):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        if config.rays:
            self.rays = nn.Linear(RAY_DIM, dim, bias=False)
            nn.init.zeros_(self.rays.weight)

    def condition(self, text: Tensor, state: Tensor, tau: Tensor) -> Tensor:
        """AdaLN condition.

        Args:
            text: (B, 384) sentence embeddings.
            state: (B, 17) normalised state.
            tau: (B,) flow time of the future latents.

        Returns:
            (B, dim).
        """
        # Sentence embeddings have unit norm; scaling brings their entries to about unit variance.
        text = self.text(text * text.shape[-1] ** 0.5)
        return text + self.state(state) + self.time(timestep_embedding(tau, self.config.dim).to(text.dtype))

    def observed_tokens(self, latents: Tensor, rays: Tensor | None = None) -> Tensor:
        """Observed latents as tokens.

        Args:
            latents: (B, cameras, C, H, W).
            rays: (B, cameras * frame_tokens, 9), see `token_rays`; zeros or ``None`` without a calibration.

        Returns:
            (B, cameras * frame_tokens, dim).
        """
        tokens = self.embed(patchify(latents, self.config.patch))
        tokens = (tokens + self.positions + self.camera[:, None] + self.horizon[0]).flatten(1, 2)
        return tokens + self.rays(rays.to(tokens.dtype)) if self.config.rays and rays is not None else tokens

    def future_tokens(self, future: Tensor, observed: Tensor, motion: Tensor, horizons: Sequence[int]) -> Tensor:
        """Noisy future latents beside the observed ones of the same cell.

        Args:
            future: (B, cameras, K, C, H, W).
            observed: (B, cameras, C, H, W).
            motion: (B, K, motion_dim).
            horizons: Which future frames these K are.

        Returns:
            (B, cameras * K * frame_tokens, dim).
        """
        patches = patchify(future, self.config.patch)
        anchor = patchify(observed, self.config.patch)[:, :, None].expand_as(patches)
        tokens = self.embed_future(torch.cat([patches, anchor], -1))
        when = self.horizon[[1 + k for k in horizons]] + self.motion(motion)
        tokens = tokens + self.positions + self.camera[:, None, None] + when[:, None, :, None]
        return tokens.flatten(1, 3)

    def features(self, latents: Tensor, condition: Tensor, rays: Tensor | None = None) -> list[Tensor]:
        """The action-conditioning pass: every block's output for the observed tokens.

        At tau = 1 future latents are pure noise and carry nothing, so they are left out.

        Returns:
            ``depth`` tensors (B, cameras * frame_tokens, dim).
        """
        x = self.observed_tokens(latents, rays)
        count, outputs = x.shape[1], []
        for block in self.blocks:
            x = block(x, condition, count)
            outputs.append(x)
        return outputs

    def video(
        self,
        latents: Tensor,
        future: Tensor,
        condition: Tensor,
        tau: Tensor,
        motion: Tensor | None = None,
        horizons: Sequence[int] | None = None,
        rays: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """The video pass: velocity of the noisy future latents.

        The network predicts how the clean latents differ from the observed ones, which is nothing for
        most cells, and the velocity follows from that (x-prediction, arXiv 2511.13720).

        Args:
            latents: (B, cameras, C, H, W) observed.
            future: (B, cameras, K, C, H, W) noisy at ``tau``.
            condition: (B, dim) for the same ``tau``.
            tau: (B,) flow time.
            motion: (B, K, motion_dim) how the arm will move, where that is known.
            horizons: Which future frames these K are; all of them by default.
            rays: As for `observed_tokens`.

        Returns:
            Velocity shaped as ``future``, float32, and every block's output for all tokens.
        """
        horizons = range(self.config.horizons) if horizons is None else horizons
        if motion is None:
            motion = condition.new_zeros(len(latents), len(horizons), self.config.motion_dim)
        seen = self.observed_tokens(latents, rays)
        x = torch.cat([seen, self.future_tokens(future, latents, motion, horizons)], 1)
        outputs = []
        for block in self.blocks:
            x = block(x, condition, seen.shape[1])
            outputs.append(x)
        return velocity_to(self.clean(x[:, seen.shape[1] :], latents, condition), future, tau), outputs

    def clean(self, tokens: Tensor, latents: Tensor, condition: Tensor) -> Tensor:
        """What the last block's tokens of the future stand for.

        Args:
            tokens: (B, cameras * K * frame_tokens, dim).
            latents: (B, cameras, C, H, W) observed.
            condition: (B, dim).

        Returns:
            (B, cameras, K, C, H, W) clean latents, float32.
        """
        shift, scale = self.out_modulation(F.silu(condition))[:, None].chunk(2, -1)
        patches = self.out(modulate(tokens, shift, scale))
        shape = (self.config.cameras, -1, self.config.frame_tokens)
        change = unpatchify(patches.unflatten(1, shape), self.config.patch)
        return latents[:, :, None].float() + change.float()
