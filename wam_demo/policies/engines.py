"""The inference engines of this process: one for each checkpoint."""

import threading
from collections.abc import Callable
from pathlib import Path

from wam_demo.policies.compute.variants import AUTO
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.registry import load_policy
from wam_demo.types import Policy


def load_fastest(name: str, checkpoint: Path | None = None) -> Policy:
    """As `load_policy`, computed by what is the fastest here."""
    return load_policy(name, checkpoint, compute=AUTO)


class EngineRegistry:
    """Loads each checkpoint once for the whole process; thread-safe."""

    def __init__(self, load: Callable[[str, Path | None], Policy] = load_fastest) -> None:
        self._load = load
        self._engines: dict[tuple[str, Path | None], InferenceEngine] = {}
        self._lock = threading.Lock()

    def get(self, name: str, checkpoint: Path | None = None) -> InferenceEngine:
        """The engine of a policy; loads it on first use.

        Raises:
            UnknownNameError: No such policy.
            CheckpointError: Its checkpoint is missing or corrupt; a later call tries again.
        """
        key = (name, checkpoint.resolve() if checkpoint else None)
        with self._lock:
            if key not in self._engines:
                self._engines[key] = InferenceEngine(self._load(name, checkpoint))
            return self._engines[key]

    def close(self) -> None:
        """Close every engine; the registry stays usable."""
        with self._lock:
            running, self._engines = list(self._engines.values()), {}
        for engine in running:
            engine.close()


engines = EngineRegistry()
"""The engines of this process, shared by all visitors."""
