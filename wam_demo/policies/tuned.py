"""Policies that were fine-tuned here: folders of weights, each known by the name that it was given."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

from wam_demo.config import TUNED
from wam_demo.errors import CheckpointError, InvalidInputError
from wam_demo.policies.registry import PolicySpec, policy_spec, policy_specs, register, unregister
from wam_demo.policies.wam.family import weights_spec
from wam_demo.policies.weights import require_checkpoint

NAME_RULE = "1 to 40 of a-z, 0-9, - and _, beginning with a letter"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PARTS = ("config.json", "model.safetensors", "imagination", "README.md")


def check_name(name: str) -> str:
    """A name that a tuned policy can have; raises `InvalidInputError`."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError(f"a policy cannot be called {name[:60]!r}; valid: {NAME_RULE}")
    if any(spec.name == name for spec in policy_specs()):
        raise InvalidInputError(f"there is a policy {name!r} already: choose another name")
    return name


def publish(run: Path, name: str, folder: Path = TUNED) -> PolicySpec:
    """Make the weights of a finished run a policy of this name, here and in every later process.

    Args:
        run: Folder of the run; its checkpoint is copied.
        name: See `check_name`.
        folder: Where tuned policies lie.

    Raises:
        InvalidInputError: The name is not usable or taken.
        CheckpointError: The run left no checkpoint.
    """
    check_name(name)
    require_checkpoint(run)
    final, part = folder / name, folder / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for entry in (run / part_name for part_name in _PARTS):
        if entry.is_dir():
            shutil.copytree(entry, part / entry.name)
        elif entry.is_file():
            shutil.copy2(entry, part)
    os.replace(part, final)
    spec = _spec(final)
    register(spec)
    return spec


def register_tuned(folder: Path = TUNED) -> list[PolicySpec]:
    """Make known what was tuned here before; folders that hold no checkpoint, or a taken name, are left out."""
    known = {spec.name for spec in policy_specs()}
    specs = []
    for config in sorted(folder.glob("*/config.json")):
        if _NAME.fullmatch(config.parent.name) and config.parent.name not in known:
            try:
                require_checkpoint(config.parent)
                specs.append(_spec(config.parent))
            except (CheckpointError, ValueError, KeyError):
                continue
            register(specs[-1])
    return specs


def remove(name: str, folder: Path = TUNED) -> None:
    """Delete a tuned policy; raises `InvalidInputError` for one that was not tuned here."""
    if not (folder / policy_spec(name).name / "config.json").is_file():
        raise InvalidInputError(f"policy {name!r} was not fine-tuned here")
    unregister(name)
    shutil.rmtree(folder / name)


def _spec(checkpoint: Path) -> PolicySpec:
    trained = json.loads((checkpoint / "config.json").read_text())["trained"]
    parent, name = str(trained["parent"]), checkpoint.name
    sentence = f"{parent}, fine-tuned here on {trained['episodes']} recorded episodes."
    return replace(weights_spec(name, f"{name} (from {parent})", sentence, checkpoint), parent=parent)
