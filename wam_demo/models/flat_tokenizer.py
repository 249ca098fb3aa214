"""The tokenizer over channels-last pictures, for exported graphs: as it was trained, or with fewer multiplications."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.winograd import StridedConvolution, WinogradConvolution
from wam_demo.types import IMAGE_SIZE

Convolve = Callable[[Tensor], Tensor]


class DirectTokenizer(nn.Module):
    """The tokenizer itself; the other variants say the same in another order of operations."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.tokenizer = copy.deepcopy(tokenizer).float()

    def encode(self, pictures: Tensor) -> Tensor:
        """(B, H, W, 3) in 0..1 to (B, C, h, w) normalised latents."""
        return self.tokenizer.encode(pictures.permute(0, 3, 1, 2))

    def decode(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) normalised latents to (B, H, W, 3) in 0..1."""
        return self.tokenizer.decode(latents).permute(0, 2, 3, 1)


class WinogradTokenizer(nn.Module):
    """Every convolution as matrix products over flat channels-last pictures, so that nothing is transposed between."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.config = config = tokenizer.config
        fine = IMAGE_SIZE // config.fold
        self.fine, self.coarse = fine, fine // 2
        autoencoder = tokenizer.autoencoder
        self.encoder = nn.ModuleList(_flat(autoencoder.encoder.layers, fine))
        self.decoder = nn.ModuleList(_flat(autoencoder.decoder.layers, self.coarse))
        self.register_buffer("mean", tokenizer.latent_mean.detach().float().view(-1))
        self.register_buffer("std", tokenizer.latent_std.detach().float().view(-1))

    def encode(self, pictures: Tensor) -> Tensor:
        """As `DirectTokenizer.encode`."""
        fold, side = self.config.fold, self.fine
        x = pictures.view(-1, side, fold, side, fold, 3).permute(0, 1, 3, 5, 2, 4).reshape(-1, side**2, 3 * fold**2)
        for layer in self.encoder:
            x = layer(x)
        latents = (x - self.mean) / self.std
        return latents.transpose(1, 2).reshape(-1, self.config.latent_channels, self.coarse, self.coarse)

    def decode(self, latents: Tensor) -> Tensor:
        """As `DirectTokenizer.decode`."""
        x = latents.flatten(2).transpose(1, 2) * self.std + self.mean
        x = torch.tanh(x / 3) * 3  # as `AutoencoderTiny` bounds what it decodes
        for layer in self.decoder:
            x = layer(x)
        fold, side = self.config.fold, self.fine
        folded = x.clamp(0, 1).view(-1, side, side, 3, fold, fold).permute(0, 1, 4, 2, 5, 3)
        return folded.reshape(-1, side * fold, side * fold, 3)


class FlatResidual(nn.Module):
    """`diffusers`' block: three convolutions beside the identity."""

    def __init__(self, block: nn.Module, side: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_flat(block.conv, side))

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) to (B, N, C)."""
        y = x
        for layer in self.layers:
            y = layer(y)
        return F.relu(x + y)


class FlatUpsample(nn.Module):
    """Every pixel four times."""

    def __init__(self, side: int) -> None:
        super().__init__()
        y, x = torch.meshgrid(torch.arange(2 * side), torch.arange(2 * side), indexing="ij")
        self.register_buffer("source", ((y // 2) * side + x // 2).flatten())

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) to (B, 4 N, C)."""
        return x.index_select(1, self.source)


def _flat(layers: nn.Sequential, side: int) -> list[nn.Module]:
    """These layers for flat pictures that enter with this side."""
    flat: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            strided = layer.stride == (2, 2)
            flat.append(StridedConvolution(layer, side) if strided else WinogradConvolution(layer, side))
            side = side // 2 if strided else side
        elif isinstance(layer, nn.Upsample):
            flat.append(FlatUpsample(side))
            side *= 2
        elif isinstance(layer, nn.ReLU):
            flat.append(nn.ReLU())
        else:
            flat.append(FlatResidual(layer, side))
    return flat
