"""What a world action model computes, cut into modules that can be exported whole.

Two graphs act: `Reading`, once for an observation, and `HeadVelocity`, once for each Euler step. Unrolled into one they
are no faster, and take four times as long to export. The rest imagine: `FutureVelocity`,
`MeanFrame`, and the tokenizer both ways.
Every graph takes and gives tensors with the observations first.
"""

import torch
from torch import Tensor, nn

from wam_demo.models.flat_tokenizer import DirectTokenizer, WinogradTokenizer
from wam_demo.models.wam.imagination import ImaginationModel, MotionConditioning
from wam_demo.models.wam.model import BackboneFeatures, WorldActionModel

PictureCodec = DirectTokenizer | WinogradTokenizer


class Reading(nn.Module):
    """Pictures and state to what the backbone makes of them, and to what the action head looks at."""

    def __init__(self, codec: PictureCodec, model: WorldActionModel) -> None:
        super().__init__()
        self.codec, self.model = codec, model

    def forward(self, images: Tensor, text: Tensor, state: Tensor, *rays: Tensor) -> tuple[Tensor, ...]:
        """One reading.

        Args:
            images: (1, cameras, H, W, 3) uint8.
            text: (1, 384).
            state: (1, 17) raw.
            rays: (1, N, 9), where the backbone reads them.

        Returns:
            Latents (1, cameras, C, h, w), features (1, blocks, N, dim), the normalised state (1, 17), the static
            condition (1, dim) of the action head, and keys and values of its layers (1, layers, heads, N + 2, d).
        """
        pictures = images[0].float() / 255
        observed = self.model.read(self.codec.encode(pictures)[None], text, state, *rays)
        static, context = self.model.head.context(observed.features, observed.text, observed.state)
        keys, values = (torch.stack(part, 1) for part in zip(*context, strict=True))
        return observed.latents, torch.stack(observed.features, 1), observed.state, static, keys, values


class HeadVelocity(nn.Module):
    """The velocity of noisy chunks, with the attention that it took."""

    def __init__(self, model: WorldActionModel) -> None:
        super().__init__()
        self.head = model.head

    def forward(
        self, chunk: Tensor, tau: Tensor, static: Tensor, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One Euler step's.

        Args:
            chunk: (1, draws, 16, 7) noisy, normalised.
            tau: (1, draws) flow time.
            static: From `Reading`, as ``keys`` and ``values``.

        Returns:
            Velocity shaped as ``chunk``, and (1, layers, N + 2) softmax mass as in `PlannedChunk`.
        """
        context = list(zip(keys.unbind(1), values.unbind(1), strict=True))
        speed, weights = self.head(chunk, tau, static, context)
        return speed, torch.stack([weight.mean((1, 2, 3)) for weight in weights], 1)


class FutureVelocity(nn.Module):
    """The velocity of noisy future latents: `ImaginationModel` over tensors only."""

    def __init__(self, imagination: ImaginationModel, model: WorldActionModel) -> None:
        super().__init__()
        self.imagination, self.model = imagination, model

    def forward(self, future: Tensor, tau: Tensor, *given: Tensor) -> Tensor:
        """As `ImaginationModel.forward`; ``given`` as `observed_and_conditioning` takes it."""
        observed, conditioning = observed_and_conditioning(*given)
        horizons = range(self.imagination.config.backbone.horizons)
        return self.imagination(self.model, observed, future, tau, conditioning, horizons)


class MeanFrame(nn.Module):
    """A frame of a dream: `ImaginationModel.mean_frame` over tensors only."""

    def __init__(self, imagination: ImaginationModel, model: WorldActionModel) -> None:
        super().__init__()
        self.imagination, self.model = imagination, model

    def forward(self, *given: Tensor) -> Tensor:
        """(1, cameras, C, h, w) latents; ``given`` as `observed_and_conditioning` takes it, of one future frame."""
        return self.imagination.mean_frame(self.model, *observed_and_conditioning(*given))


def observed_and_conditioning(
    latents: Tensor,
    features: Tensor,
    text: Tensor,
    state: Tensor,
    motion: Tensor,
    geometry: Tensor,
    warped: Tensor,
    *rays: Tensor,
) -> tuple[BackboneFeatures, MotionConditioning]:
    """What was observed as `Reading` has it, with the rays where the backbone reads them, and how the arm will move."""
    observed = BackboneFeatures(latents, list(features.unbind(1)), text, state, *rays)
    return observed, MotionConditioning(motion, geometry, warped)


class Encoding(nn.Module):
    """The codec's first half as a module."""

    def __init__(self, codec: PictureCodec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, H, W, 3) in 0..1 to (B, C, h, w)."""
        return self.codec.encode(pictures)


class Decoding(nn.Module):
    """The codec's second half as a module."""

    def __init__(self, codec: PictureCodec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, latents: Tensor) -> Tensor:
        """(B, C, h, w) to (B, H, W, 3) in 0..1."""
        return self.codec.decode(latents)
