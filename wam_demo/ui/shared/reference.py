"""The grid that comes with the product, as plain records: what its policies did, where, with which weights."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wam_demo.config import REFERENCE


@dataclass(frozen=True)
class ReferenceGrid:
    """The shipped grid.

    Attributes:
        task: Task name.
        weights: SHA-256 by policy.
        episodes: Each with at least ``policy``, ``axis``, ``severity``, ``seed`` and ``success``.
    """

    task: str
    weights: Mapping[str, str]
    episodes: Sequence[Mapping[str, Any]]


def reference_grid(packed: Path = REFERENCE) -> ReferenceGrid | None:
    """Read it; ``None`` where there is none.

    Args:
        packed: Its journal, xz.
    """
    try:
        with lzma.open(packed, "rt") as file:
            header, *episodes = [json.loads(line) for line in file]
    except (OSError, EOFError, lzma.LZMAError):
        return None
    return ReferenceGrid(header["grid"]["tasks"][0], header["weights"], episodes)
