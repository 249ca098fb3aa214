"""Where the weights of a policy lie, and whether they are there; nothing is read that is large."""

from collections.abc import Callable, Sequence
from pathlib import Path

from wam_demo.config import CHECKPOINTS
from wam_demo.errors import CheckpointError


def checkpoint_directory(name: str, checkpoint: Path | None = None) -> Path:
    """``checkpoint`` if one is given, else where the shipped one lies."""
    return CHECKPOINTS / name if checkpoint is None else Path(checkpoint)


def require_checkpoint(directory: Path) -> None:
    """Check that the files of a checkpoint are there, without reading them.

    Raises:
        CheckpointError: One is missing.
    """
    for file in ("config.json", "model.safetensors"):
        if not (directory / file).is_file():
            raise CheckpointError(f"no checkpoint at {directory}: {file} is missing")


def is_there(require: Callable[[Path | None], None]) -> bool:
    """Whether a family's own check finds its shipped weights."""
    try:
        require(None)
    except CheckpointError:
        return False
    return True


def trained_tasks(directory: Path, kind: str) -> Sequence[str]:
    """The tasks that weights of this kind were trained on; raises `CheckpointError` without their configuration."""
    from wam_demo.models.checkpoint import read_config

    return tuple(read_config(directory, kind)["trained"].get("tasks", ()))
