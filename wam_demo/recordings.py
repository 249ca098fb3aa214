"""The commands about recordings: inspect a file, and run a policy over it in open loop."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.data.uploads.contracts import Description
    from wam_demo.data.uploads.mapping import RobotMapping


def inspect(options: argparse.Namespace) -> dict[str, Any]:
    """What a recording holds and how it would be read: the content of results.json."""
    path, found = open_recording(options.file)
    return {"file": path.name, **inspection(found)}


def inspection(found: Description) -> dict[str, Any]:
    """A description as results.json has it."""
    from wam_demo.data.uploads.guess import action_dim, guess, state_dim

    mapping = guess(found)
    return {
        "format": found.format,
        "cameras": [camera.name for camera in found.cameras],
        "fps": found.fps,
        "frames": found.frames,
        "state_dim": state_dim(found, mapping),
        "action_dim": action_dim(found),
        "episodes": len(found.episodes),
        "robot": found.robot,
        "sizes": {camera.name: [camera.width, camera.height] for camera in found.cameras},
        "signals": {signal.name: signal.dim for signal in found.signals},
        "mapping": mapping.document(),
    }


def openloop(options: argparse.Namespace, progress: Any) -> dict[str, Any]:
    """Run a policy over one episode of a recording: the content of results.json.

    Args:
        options: Of the command line.
        progress: ``progress(total, label)`` is a context manager that yields what advances a bar by one.
    """
    from wam_demo.diagnose.openloop import judge, policy_calls, score
    from wam_demo.policy.base import load_policy
    from wam_demo.sources.recording import Recording

    path, found = open_recording(options.file)
    mapping = _mapping(found, options)
    policy: Any = load_policy(options.policy, options.checkpoint)
    plan, imagine = policy_calls(policy)
    if mapping.instruction:
        policy.reset(mapping.instruction)
    began = time.monotonic()
    with Recording(path, found, mapping, options.episode, options.start, options.stop) as recording:
        with progress(recording.steps, options.policy) as advance:
            judged = judge(recording.moments(), plan, imagine, options.every)
            scores = score(judged, recording.actions, advance)
        frames, steps = recording.frames, recording.steps
    seconds = time.monotonic() - began
    return {
        "file": path.name,
        "policy": options.policy,
        "format": found.format,
        "episode": options.episode,
        "frames": frames,
        "steps": steps,
        **scores.document(),
        "seconds": seconds,
        "frames_per_s": frames / seconds,
        "mapping": mapping.document(),
    }


def open_recording(name: str) -> tuple[Path, Description]:
    """A file, a folder, or the id of a dataset on the Hub that is fetched first; and what it holds."""
    from wam_demo.data.uploads.hub import REPOSITORY, fetch
    from wam_demo.data.uploads.process import describe

    path = Path(name)
    if not path.exists() and REPOSITORY.fullmatch(name):
        path = fetch(name)
    return path, describe(path)


def _mapping(found: Description, options: argparse.Namespace) -> RobotMapping:
    """The guess, with what was given by hand as ``--map entry=value``."""
    from wam_demo.data.uploads.guess import guess
    from wam_demo.data.uploads.mapping import DEFAULT_INSTRUCTION

    entries = {}
    for text in options.map:
        entry, equals, value = text.partition("=")
        if not equals:
            raise InvalidInputError(f"--map takes entry=value, not {text[:60]!r}")
        entries[entry.strip().replace("-", "_")] = value.strip()
    mapping = guess(found).changed(entries)
    if options.instruction is not None:
        mapping = replace(mapping, instruction=options.instruction)
    if not mapping.instruction.strip():
        mapping = replace(mapping, instruction=DEFAULT_INSTRUCTION)
    return replace(mapping, instruction=mapping.instruction.strip()).validated(found)
