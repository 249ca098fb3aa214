"""Opening a recording named on the command line, and mapping it to what a policy reads."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wam_demo.errors import InvalidInputError

if TYPE_CHECKING:
    from wam_demo.data.uploads.contracts import Description
    from wam_demo.data.uploads.mapping import RobotMapping


def open_recording(name: str) -> tuple[Path, Description]:
    """A file, a folder, or the id of a dataset on the Hub that is fetched first; and what it holds."""
    from wam_demo.data.uploads.hub import REPOSITORY, fetch
    from wam_demo.data.uploads.process import describe

    path = Path(name)
    if not path.exists() and REPOSITORY.fullmatch(name):
        path = fetch(name)
    return path, describe(path)


def map_recording(description: Description, options: argparse.Namespace) -> RobotMapping:
    """The guess, with what was given by hand as ``--map entry=value``."""
    from wam_demo.data.uploads.guess import guess
    from wam_demo.data.uploads.mapping import DEFAULT_INSTRUCTION

    entries = {}
    for text in options.map:
        entry, equals, value = text.partition("=")
        if not equals:
            raise InvalidInputError(f"--map takes entry=value, not {text[:60]!r}")
        entries[entry.strip().replace("-", "_")] = value.strip()
    mapping = guess(description).changed(entries)
    if options.instruction is not None:
        mapping = replace(mapping, instruction=options.instruction)
    if not mapping.instruction.strip():
        mapping = replace(mapping, instruction=DEFAULT_INSTRUCTION)
    return replace(mapping, instruction=mapping.instruction.strip()).validated(description)
