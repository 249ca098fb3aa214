"""Checkpoints on disk: config.json beside model.safetensors (bf16), checked when read."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from wam_demo.errors import CheckpointError

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"


def save_checkpoint(model: nn.Module, config: dict[str, Any], directory: Path) -> None:
    """Write ``config.json`` and bf16 weights; existing files are replaced atomically.

    Args:
        model: Its ``state_dict`` is stored; floating tensors become bfloat16.
        config: JSON-serialisable; must hold everything needed to rebuild ``model``.
        directory: Created if missing.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (value.to(torch.bfloat16) if value.is_floating_point() else value).contiguous().cpu()
        for name, value in model.state_dict().items()
    }
    partial = directory / (WEIGHTS_NAME + ".partial")
    save_file(tensors, str(partial))
    partial.replace(directory / WEIGHTS_NAME)
    (directory / CONFIG_NAME).write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def read_config(directory: Path, kind: str) -> dict[str, Any]:
    """Read ``config.json`` and check that it describes a model of this kind.

    Raises:
        CheckpointError: The file is missing, is not JSON, or is of another kind.
    """
    path = Path(directory) / CONFIG_NAME
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {directory}: {CONFIG_NAME} is missing")
    try:
        config = json.loads(path.read_text())
    except ValueError as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(config, dict) or config.get("kind") != kind:
        found = config.get("kind") if isinstance(config, dict) else type(config).__name__
        raise CheckpointError(f"{path} describes {found!r}, expected {kind!r}")
    return config


def load_weights(model: nn.Module, directory: Path) -> None:
    """Load ``model.safetensors`` into ``model``, keeping the model's own dtype.

    Raises:
        CheckpointError: The file is missing or corrupt, names or shapes differ, or a value is not finite.
    """
    path = Path(directory) / WEIGHTS_NAME
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {directory}: {WEIGHTS_NAME} is missing")
    try:
        tensors = load_file(str(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is corrupt: {error}") from None
    broken = [name for name, value in tensors.items() if value.is_floating_point() and not value.isfinite().all()]
    if broken:
        raise CheckpointError(f"{path} holds values that are not finite in {broken[0]!r}")
    try:
        model.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in tensors.items()}
        )
    except RuntimeError as error:
        raise CheckpointError(f"{path} does not fit its config: {str(error).splitlines()[-1].strip()[:160]}") from None


def sha256_of(directory: Path) -> str:
    """SHA-256 of the weights file, hexadecimal; identifies a checkpoint in every result."""
    path = Path(directory) / WEIGHTS_NAME
    if not path.is_file():
        raise CheckpointError(f"no checkpoint at {directory}: {WEIGHTS_NAME} is missing")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
