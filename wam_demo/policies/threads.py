"""How many CPU threads a network may use: all cores but one, unless ``OMP_NUM_THREADS`` says otherwise.

On two busy cores torch's threads wait for each other at every operation, and spin meanwhile: a call then
takes many times as long. One core is left to simulators, pages and whatever else runs.
"""

import os
import sys
from typing import Any


def limit_threads(threads: int | None = None) -> None:
    """Set torch's CPU threads for calls of this thread, if torch is what the policy uses.

    Args:
        threads: Instead of all cores but one.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None or (threads is None and "OMP_NUM_THREADS" in os.environ):
        return
    torch.set_num_threads(threads or max(1, (os.cpu_count() or 2) - 1))
