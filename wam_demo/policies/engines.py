"""The inference engines of this process: one for each checkpoint."""

import atexit
import os
import threading
from collections.abc import Callable
from pathlib import Path

from wam_demo.policies.changeover import Changeover
from wam_demo.policies.compute.variants import AUTO
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.registry import load_policy
from wam_demo.types import Policy

COMPUTE = os.environ.get("WAM_DEMO_COMPUTE") or AUTO
"""How the app's networks are computed, a name of `wam_demo.policies.compute.variants.COMPUTE`."""


def load_computed(name: str, checkpoint: Path | None = None) -> Policy:
    """As `load_policy`, computed as the app computes."""
    return load_policy(name, checkpoint, compute=COMPUTE)


class EngineRegistry:
    """Loads each checkpoint once for the whole process; thread-safe.

    Args:
        load: Loads a policy.
        change: Whether an engine changes over to the fastest way to compute once it is known.
    """

    def __init__(
        self,
        load: Callable[[str, Path | None], Policy] = load_computed,
        *,
        change: bool = False,
    ) -> None:
        self._load, self._change = load, change
        self._engines: dict[tuple[str, Path | None], InferenceEngine] = {}
        self._changeovers: list[Changeover] = []
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
                if self._change:
                    self._changeovers.append(Changeover(self._engines[key], name, checkpoint))
            return self._engines[key]

    def close(self, patience_s: float = 2.0) -> None:
        """Close every engine, calls in progress are given ``patience_s`` each; the registry stays usable."""
        with self._lock:
            running, self._engines = list(self._engines.values()), {}
            changing, self._changeovers = self._changeovers, []
        for changeover in changing:
            changeover.close(patience_s)
        for engine in running:
            engine.close(patience_s)


engines = EngineRegistry(change=COMPUTE == AUTO)
"""The engines of this process, shared by all visitors; closed when it ends, since a thread that is inside a network
while the interpreter goes would abort it."""
AT_END_S = 10.0
"""So long may a call on a busy machine take to return before the process ends all the same."""
atexit.register(engines.close, AT_END_S)
