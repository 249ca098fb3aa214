"""A policy for recordings: the process's shared inference engine, so that acting sessions go first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from wam_demo.diagnose.openloop import Imagine, Plan
from wam_demo.errors import PolicyFault
from wam_demo.policies.checks import predict
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.types import Image, Observation, Prediction

_ATTEMPTS = 4
_PAUSE_S = 0.5


class OpenLoopPolicy(NamedTuple):
    """A policy as two calls: plans, and one future each (``None`` without imagination)."""

    plan: Plan
    imagine: Imagine | None


def open_policy(name: str) -> OpenLoopPolicy:
    """Plans and imaginations of a policy by name.

    Raises:
        UnknownNameError: No such policy.
        CheckpointError: Its weights are missing or corrupt.
    """
    spec = policy_spec(name)
    if not spec.needs_images:
        loaded = load_policy(name)
        return OpenLoopPolicy(lambda observations: predict(loaded, observations, [0] * len(observations)), None)
    from wam_demo.policies.engines import engines

    engine = engines.get(name)

    def plan(observations: Sequence[Observation]) -> list[Prediction]:
        return _patiently(lambda: [engine.submit(o, seed=0) for o in observations])

    def imagine(observations: Sequence[Observation]) -> list[Mapping[str, Image]]:
        # one at a time: each is long, and plans of live sessions go in between
        futures = [_patiently(lambda o=o: [engine.submit_imagination(o, seed=0)])[0] for o in observations]  # type: ignore[misc]
        return [samples[0] for samples in futures]

    return OpenLoopPolicy(plan, imagine if spec.imagines else None)


def _patiently(submit: Callable[[], list[Future[Any]]]) -> list[Any]:
    """Results of futures; live sessions may make the engine late, so ask again before giving up."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return [future.result() for future in submit()]
        except PolicyFault:
            time.sleep(_PAUSE_S)
    return [future.result() for future in submit()]
