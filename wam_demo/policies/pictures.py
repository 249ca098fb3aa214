"""Pictures on their way into a policy's latents and out of them."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wam_demo.config import CHECKPOINTS
from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.models.tokenizer import PictureTokenizer, Tokenizer, to_images
from wam_demo.types import IMAGE_SIZE, STATE_DIM, Image, Observation


def tokenizer_of(checkpoint: Path, trained: Mapping[str, Any], directory: Path | None = None) -> Tokenizer:
    """The tokenizer that a checkpoint was trained with.

    Args:
        checkpoint: Whose sibling ``tokenizer`` it is; the shipped one where there is no sibling.
        trained: Provenance of the checkpoint, which knows the tokenizer by its digest.
        directory: Where it lies instead.

    Raises:
        CheckpointError: A file is missing or corrupt, or it is another tokenizer.
    """
    beside = checkpoint.parent / "tokenizer"
    tokenizer = Tokenizer.from_pretrained(directory or (beside if beside.is_dir() else CHECKPOINTS / "tokenizer"))
    expected = trained.get("encoder_sha256")
    if expected and expected != tokenizer.encoder_digest():
        raise CheckpointError(f"{checkpoint} was trained with another tokenizer than the one beside it")
    return tokenizer


def pictures_of(observations: Sequence[Observation], cameras: Sequence[str]) -> Tensor:
    """(B, cameras, H, W, 3) uint8 of observations; refuses what a model cannot read, see `check_observation`."""
    for observation in observations:
        check_observation(observation, cameras)
    return torch.from_numpy(np.stack([[seen.images[camera] for camera in cameras] for seen in observations]))


def states_of(observations: Sequence[Observation]) -> Tensor:
    """(B, 17) raw states, float32."""
    return torch.from_numpy(np.stack([observation.state for observation in observations]).astype(np.float32))


def check_observation(observation: Observation, cameras: Sequence[str]) -> None:
    """Refuse an observation that a model cannot read.

    Raises:
        InvalidInputError: A camera is missing, a shape or type is wrong, or the state is not finite.
    """
    for camera in cameras:
        image: Any = observation.images.get(camera)
        if image is None:
            raise InvalidInputError(
                f"the observation has no {camera!r} image; it has {', '.join(observation.images) or 'none'}"
            )
        if image.shape != (IMAGE_SIZE, IMAGE_SIZE, 3) or image.dtype != np.uint8:
            expected = f"({IMAGE_SIZE}, {IMAGE_SIZE}, 3) uint8"
            raise InvalidInputError(f"the {camera!r} image is {image.shape} {image.dtype}, expected {expected}")
    if np.shape(observation.state) != (STATE_DIM,) or not np.isfinite(observation.state).all():
        raise InvalidInputError(f"the state must be {STATE_DIM} finite numbers, it is {np.shape(observation.state)}")


def decoded_stages(
    coder: PictureTokenizer, future: Tensor, cameras: Sequence[str], samples: int
) -> Iterator[list[list[Mapping[str, Image]]] | None]:
    """Decode imagined latents, one moment of all futures at a time.

    Args:
        coder: Decodes them.
        future: (B * samples, cameras, K, C, H, W) in the dtype of the coder.
        cameras: Of the latents.
        samples: Futures of each observation.

    Yields:
        ``None`` after each moment, then what `Imaginer.imagine_stages` has last.
    """
    frames = np.empty((*future.shape[:3], IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    for moment in range(future.shape[2]):
        with torch.inference_mode():
            decoded = coder.decode(future[:, :, moment].flatten(0, 1))
            frames[:, :, moment] = to_images(decoded).unflatten(0, future.shape[:2]).numpy()
        yield None
    results: list[Mapping[str, Image]] = [dict(zip(cameras, sample, strict=True)) for sample in frames]
    yield [results[start : start + samples] for start in range(0, len(results), samples)]
