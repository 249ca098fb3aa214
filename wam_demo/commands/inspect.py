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
    path, description = open_recording(options.file)
    out = prepare(options, "inspect")
    content = inspection(description)
    for note in content["notes"]:
        print(f"note: {note}")
    finish(out, "inspect", {"seed": options.seed, "file": path.name, **content})


def inspection(description: Description) -> dict[str, Any]:
    """A description as results.json has it."""
    from wam_demo.data.uploads.guess import action_dim, guess, notes, state_dim

    mapping = guess(description)
    return {
        "format": description.format,
        "cameras": [camera.name for camera in description.cameras],
        "fps": description.fps,
        "frames": description.frames,
        "state_dim": state_dim(description, mapping),
        "action_dim": action_dim(description),
        "episodes": len(description.episodes),
        "robot": description.robot,
        "sizes": {camera.name: [camera.width, camera.height] for camera in description.cameras},
        "signals": {signal.name: signal.dim for signal in description.signals},
        "mapping": mapping.document(),
        "notes": notes(description, mapping),
    }
