"""Image tokenizer: a small convolutional autoencoder, 128 px RGB to 16 x 16 latents and back."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, Self

import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.checkpoint import load_weights, read_config, save_checkpoint


@dataclass(frozen=True)
class TokenizerConfig:
    """Sizes of the autoencoder.

    Attributes:
        latent_channels: Channels of a latent cell.
        width: Channels of every convolution.
        blocks: Residual blocks at 32 x 32 and at 16 x 16.
        fold: Pixels folded into channels before the first convolution, per side; folding loses
            nothing and keeps all convolutions at a quarter of the resolution, which is what makes
            the tokenizer cheap on a CPU.
    """

    latent_channels: int = 12
    width: int = 96
    blocks: tuple[int, int] = (2, 2)
    fold: int = 4


class PictureTokenizer(Protocol):
    """Encodes and decodes pictures, whatever computes it."""

    def encode(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 to (B, C, H/8, W/8) normalised latents."""

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) normalised latents to (B, 3, 8h, 8w) in 0..1."""


class Tokenizer(nn.Module):
    """Maps images to latents of about zero mean and unit variance, and back.

    Built on `diffusers.AutoencoderTiny`; deterministic, no KL term.
    """

    def __init__(self, config: TokenizerConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or TokenizerConfig()
        channels = 3 * config.fold**2
        self.autoencoder = AutoencoderTiny(
            in_channels=channels,
            out_channels=channels,
            encoder_block_out_channels=(config.width,) * 2,
            decoder_block_out_channels=(config.width,) * 2,
            num_encoder_blocks=config.blocks,
            num_decoder_blocks=config.blocks[::-1],
            latent_channels=config.latent_channels,
            upsampling_scaling_factor=2,
        )
        shape = (1, config.latent_channels, 1, 1)
        self.register_buffer("latent_mean", torch.zeros(shape))
        self.register_buffer("latent_std", torch.ones(shape))

    def encode(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 to (B, C, H/8, W/8) normalised latents."""
        return (self.raw_encode(images) - self.latent_mean) / self.latent_std

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) normalised latents to (B, 3, 8h, 8w) in 0..1."""
        return self.raw_decode(latents * self.latent_std + self.latent_mean).clamp(0, 1)

    def raw_encode(self, images: Tensor) -> Tensor:
        """As `encode`, without normalisation; used while training."""
        folded = F.pixel_unshuffle(images * 2 - 1, self.config.fold)
        return self.autoencoder.encoder(folded.contiguous(memory_format=torch.channels_last))

    def raw_decode(self, latents: Tensor) -> Tensor:
        """As `decode`, without normalisation and clamping; used while training."""
        folded = self.autoencoder.decoder(latents.contiguous(memory_format=torch.channels_last))
        return F.pixel_shuffle(folded, self.config.fold) * 0.5 + 0.5

    def set_statistics(self, latents: Tensor) -> None:
        """Fix the normalisation from raw latents (B, C, h, w)."""
        self.latent_mean.copy_(latents.mean((0, 2, 3), keepdim=True))
        self.latent_std.copy_(latents.std((0, 2, 3), keepdim=True).clamp_min(1e-4))

    def encoder_digest(self) -> str:
        """SHA-256 of what defines the latent space: encoder and statistics, not the decoder.

        A WAM belongs to one latent space; the decoder may be improved without retraining it.
        """
        digest = hashlib.sha256()
        for name, value in sorted(self.state_dict().items()):
            if "decoder" not in name:
                digest.update(
                    name.encode()
                    + value.detach().to(torch.bfloat16).contiguous().view(torch.int16).cpu().numpy().tobytes()
                )
        return digest.hexdigest()

    def save_pretrained(self, directory: Path) -> None:
        """Write config and weights."""
        save_checkpoint(self, {"kind": "tokenizer", **asdict(self.config)}, directory)

    @classmethod
    def from_pretrained(cls, directory: Path) -> Self:
        """Read a checkpoint; raises `CheckpointError` when it is missing or corrupt."""
        values = read_config(directory, "tokenizer")
        values.pop("kind")
        tokenizer = cls(TokenizerConfig(**{**values, "blocks": tuple(values["blocks"])}))
        load_weights(tokenizer, directory)
        return tokenizer.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def to_tensor(images: Tensor) -> Tensor:
    """(B, H, W, 3) uint8 to (B, 3, H, W) float in 0..1."""
    return images.permute(0, 3, 1, 2).float() / 255


def to_images(images: Tensor) -> Tensor:
    """(B, 3, H, W) in 0..1 to (B, H, W, 3) uint8."""
    return (images.float() * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
