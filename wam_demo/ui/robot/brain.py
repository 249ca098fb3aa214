"""A policy for recordings: the process's shared inference engine, so that acting sessions go first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wam_demo.errors import PolicyFault
from wam_demo.policies.checks import predict
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.types import Image, Observation, Prediction
from wam_demo.ui.robot.room import Brain

_ATTEMPTS = 4
_PAUSE_S = 0.5


def open_brain(policy: str) -> Brain:
    """Plans and imaginations of a policy by name.

    Raises:
        UnknownNameError: No such policy.
        CheckpointError: Its weights are missing or corrupt.
    """
    spec = policy_spec(policy)
    if not spec.needs_images:
        loaded = load_policy(policy)
        return (lambda observations: predict(loaded, observations, [0] * len(observations))), None
    from wam_demo.policies.engines import engines

    engine = engines.get(policy)

    def plan(observations: Sequence[Observation]) -> list[Prediction]:
        return _patiently(lambda: [engine.submit(o, seed=0) for o in observations])

    def imagine(observations: Sequence[Observation]) -> list[Mapping[str, Image]]:
        return [samples[0] for samples in _one_by_one(engine, observations)]

    return plan, imagine if spec.imagines else None


def _one_by_one(engine: Any, observations: Sequence[Observation]) -> list[Any]:
    return [_patiently(lambda o=o: [engine.submit_imagination(o, seed=0)])[0] for o in observations]  # type: ignore[misc]


def _patiently(submit: Callable[[], list[Any]]) -> list[Any]:
    """Results of futures; live sessions may make the engine late, so ask again before giving up."""
    for attempt in range(_ATTEMPTS):
        try:
            return [future.result() for future in submit()]
        except PolicyFault:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_S)
    raise AssertionError("unreachable")
