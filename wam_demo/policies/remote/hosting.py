"""Loads a policy and puts a server in front of it: what the command ``serve`` runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from wam_demo.errors import InvalidInputError
from wam_demo.limits import SERVER_ANSWER_S
from wam_demo.policies.compute.variants import AUTO, EAGER
from wam_demo.policies.engine import EngineConfig, InferenceEngine
from wam_demo.policies.registry import LoadContext, PolicySpec, require_policy
from wam_demo.policies.remote.client import PROTOCOL
from wam_demo.policies.remote.keys import KEYS
from wam_demo.policies.remote.server import PolicyServer, ServerConfig
from wam_demo.policies.remote.settings import token
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, CONTROL_HZ, IMAGE_SIZE, STATE_DIM

GATHER_S = 0.02
"""How long a batch waits for robots that have asked within the last second."""


@contextmanager
def open_server(
    policy: str, checkpoint: Path | None, host: str, port: int, compute: str = EAGER
) -> Iterator[PolicyServer]:
    """A server that answers with a policy, computed as asked; the token comes from the environment.

    Raises:
        InvalidInputError: The address cannot be used, or the policy cannot be served.
        CheckpointError: The checkpoint is missing or corrupt.
    """
    config = ServerConfig(host, port, token())
    spec = require_policy(policy, checkpoint)
    if spec.privileged:
        raise InvalidInputError(f"policy {policy!r} reads the simulator: it cannot be served")
    compute = spec.fastest(checkpoint) if compute == AUTO else compute
    loaded = spec.load(LoadContext(checkpoint, compute=compute))
    loaded.reset("warm up")  # the text encoder loads now, not at the first request
    greeting = metadata(spec, checkpoint)
    batching = EngineConfig(gather_s=GATHER_S, act_timeout_s=SERVER_ANSWER_S)
    engine = InferenceEngine(loaded, batching)
    try:
        with PolicyServer(engine, replace(config, metadata=greeting)) as server:
            yield server
    finally:
        engine.close()


def metadata(spec: PolicySpec, checkpoint: Path | None = None) -> dict[str, Any]:
    """What a client learns before its first observation; plain data only."""
    return {
        "protocol": PROTOCOL,
        "policy": spec.name,
        "checkpoint_sha256": spec.digest(checkpoint),
        "tasks": list(spec.tasks(checkpoint)),
        "observation_keys": list(KEYS),
        "image_size": IMAGE_SIZE,
        "state_dim": STATE_DIM,
        "action_horizon": CHUNK_STEPS,
        "action_dim": ACTION_DIM,
        "control_hz": CONTROL_HZ,
    }
