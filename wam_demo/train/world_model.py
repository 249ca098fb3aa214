"""The frozen world action model that a second stage is trained beside."""

from pathlib import Path

from wam_demo.errors import InvalidInputError
from wam_demo.models.tokenizer import Tokenizer
from wam_demo.models.wam.model import WorldActionModel


def load_world_model(checkpoint: Path, tokenizer: Tokenizer) -> WorldActionModel:
    """Read a world action model that was trained on the latents of this tokenizer.

    Raises:
        CheckpointError: A file is missing or corrupt.
        InvalidInputError: It was trained on those of another tokenizer.
    """
    model = WorldActionModel.from_pretrained(checkpoint)
    digest = tokenizer.encoder_digest()
    if model.config.trained.get("encoder_sha256", digest) != digest:
        raise InvalidInputError(f"{checkpoint} was trained with another tokenizer than the one in use here")
    return model
