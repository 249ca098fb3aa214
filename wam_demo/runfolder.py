"""The folder of a long run as two processes share it: how far it is, and the word to stop."""

import json
import os
from pathlib import Path
from typing import Any

_PROGRESS, _STOP = "progress.json", "stop"


def report(folder: Path, stage: str, **numbers: float) -> None:
    """Say how far the run is; whoever reads meanwhile sees the old word or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{_PROGRESS}.part"
    part.write_text(json.dumps({"stage": stage, **numbers}))
    os.replace(part, folder / _PROGRESS)


def progress(folder: Path) -> dict[str, Any]:
    """What was reported last: ``stage`` and numbers; empty before the first word."""
    try:
        return dict(json.loads((folder / _PROGRESS).read_text()))
    except FileNotFoundError:
        return {}


def ask_to_stop(folder: Path) -> None:
    """End the run after what it is at; what was learnt is kept."""
    (folder / _STOP).touch()


def is_asked_to_stop(folder: Path) -> bool:
    """Whether somebody wants the run to end."""
    return (folder / _STOP).exists()


def forget_stop(folder: Path) -> None:
    """A run begins: a word to an earlier one does not count."""
    (folder / _STOP).unlink(missing_ok=True)
