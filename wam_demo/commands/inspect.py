"""``inspect``: what a recording holds and how it would be read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from wam_demo.arguments import Parser
from wam_demo.commands.output import finish, prepare
from wam_demo.commands.recording import open_recording

if TYPE_CHECKING:
    from wam_demo.data.uploads.contracts import Description

SUMMARY = "say what a recording holds"


def add_arguments(parser: Parser) -> None:
    """What the command line takes."""
    parser.add_argument("file", metavar="FILE", help="recording: a file, a folder, or a repo id on the Hub")


def run(options: argparse.Namespace) -> None:
    """Describe a recording."""
    path, found = open_recording(options.file)
    out = prepare(options, "inspect")
    finish(out, "inspect", {"seed": options.seed, "file": path.name, **inspection(found)})


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
