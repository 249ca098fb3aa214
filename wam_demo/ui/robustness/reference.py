"""The grid that comes with the product: what a first visitor sees before anything has run here."""

from __future__ import annotations

import hashlib
import logging
import lzma
from pathlib import Path

from wam_demo.config import REFERENCE
from wam_demo.evaluate.grid.journal import JOURNAL_NAME

REFERENCE_NAME = "reference-grid"
"""The run's name in addresses."""
_STAMP = "unpacked.sha256"
_log = logging.getLogger(__name__)


def unpack_reference(runs: Path, packed: Path = REFERENCE) -> bool:
    """Lay the shipped journal beside the runs, where its videos can be kept too.

    Args:
        runs: Folder of all runs.
        packed: The journal, xz.

    Returns:
        Whether it is there; without a file, or where nothing can be written, the page opens as it does without it.
    """
    folder = runs / REFERENCE_NAME
    try:
        content = packed.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        stamp = folder / _STAMP
        if not stamp.is_file() or stamp.read_text() != digest:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / JOURNAL_NAME).write_bytes(lzma.decompress(content))
            stamp.write_text(digest)
    except (OSError, lzma.LZMAError) as error:
        _log.warning("the reference grid is not shown: %s", error)
        return False
    return True
