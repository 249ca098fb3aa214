"""Policies by name, and the checks that every prediction passes before anything executes it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wam_demo.config import CHECKPOINTS
from wam_demo.errors import CheckpointError, InvalidInputError, PolicyFault, UnknownNameError
from wam_demo.types import (
    ACTION_DIM,
    CHUNK_STEPS,
    STATE_DIM,
    ActionChunk,
    Observation,
    Policy,
    Prediction,
)

if TYPE_CHECKING:
    from wam_demo.sim.world import World

LEARNED_POLICIES = ("wam", "agra")
"""Policies that load a checkpoint and see observations only."""
SCRIPTED_POLICIES = ("expert", "hold")
"""Policies without weights; ``expert`` is privileged: it reads the simulator's true state."""
REMOTE = "remote"
"""The policy behind the policy server that the operator has configured."""
PLANNED_POLICIES = ("harmo", "action_images")
POLICIES = (*SCRIPTED_POLICIES, *LEARNED_POLICIES, REMOTE)

OPENING_INDEX = 9
"""Index of the gripper opening in `Observation.state`."""


def validate_policy_name(name: str) -> str:
    """Return ``name`` if such a policy can be loaded.

    Raises:
        UnknownNameError: No such policy; the message suggests the closest.
        InvalidInputError: The policy is announced but not part of this version.
    """
    if name in PLANNED_POLICIES:
        raise InvalidInputError(f"policy {name!r} is not shipped yet; valid: {', '.join(POLICIES)}")
    if name not in POLICIES:
        raise UnknownNameError("policy", name, POLICIES)
    return name


def validate_instruction(text: str) -> str:
    """Return the instruction without surrounding blanks.

    Raises:
        InvalidInputError: It is empty or too long.
    """
    from wam_demo.models.text import check_instruction  # loads torch, which the command line avoids

    return check_instruction(text)


def load_policy(name: str, checkpoint: str | Path | None = None, world: World | None = None) -> Policy:
    """Load a policy.

    Args:
        name: One of `POLICIES`.
        checkpoint: Directory with ``config.json`` and ``model.safetensors``; ``None`` is the
            shipped one. Ignored by scripted policies.
        world: Simulator that ``expert`` reads and forks; needed by ``expert`` only.

    Raises:
        UnknownNameError: No such policy.
        InvalidInputError: The policy is not shipped yet, ``expert`` has no world, or ``remote`` no server.
        CheckpointError: The checkpoint is missing or corrupt.
        PolicyFault: The policy server cannot be reached.
    """
    validate_policy_name(name)
    if name == "hold":
        from wam_demo.policies.scripted import HoldPolicy

        return HoldPolicy()
    if name == "expert":
        from wam_demo.policies.scripted import ExpertPolicy

        if world is None:
            raise InvalidInputError("policy 'expert' reads the simulator: it needs its world")
        return ExpertPolicy(world)
    if name == REMOTE:
        from wam_demo.policies.remote.client import RemotePolicy
        from wam_demo.policies.remote.settings import remote_config

        return RemotePolicy(remote_config())
    directory = checkpoint_directory(name, checkpoint)
    require_checkpoint(directory)
    from wam_demo.policies.threads import limit_threads
    from wam_demo.policies.wam import WamPolicy

    limit_threads()
    return WamPolicy(directory)


def require_policy(name: str, checkpoint: str | Path | None = None) -> None:
    """Fail early, before anything heavy is imported, when a policy cannot be loaded.

    Raises:
        UnknownNameError: No such policy.
        InvalidInputError: The policy is not shipped yet, or ``remote`` has no server.
        CheckpointError: A file of its checkpoint is missing.
    """
    if validate_policy_name(name) in LEARNED_POLICIES:
        require_checkpoint(checkpoint_directory(name, checkpoint))
    if name == REMOTE:
        from wam_demo.policies.remote.settings import remote_config

        remote_config()


def checkpoint_digest(name: str, checkpoint: str | Path | None = None) -> str | None:
    """SHA-256 of a policy's weights, hexadecimal; ``None`` for a policy without weights.

    Raises:
        CheckpointError: The file is missing.
    """
    if name not in LEARNED_POLICIES:
        return None
    from wam_demo.models.checkpoint import sha256_of

    return sha256_of(checkpoint_directory(name, checkpoint))


def checkpoint_directory(name: str, checkpoint: str | Path | None = None) -> Path:
    """``checkpoint`` if one is given, else where the shipped one lies."""
    return CHECKPOINTS / name if checkpoint is None else Path(checkpoint)


def require_checkpoint(directory: Path) -> None:
    """Check that the files of a checkpoint are there, without reading them.

    Raises:
        CheckpointError: One is missing.
    """
    for file in ("config.json", "model.safetensors"):
        if not (directory / file).is_file():
            raise CheckpointError(f"no checkpoint at {directory}: {file} is missing")


def needs_images(policy: Policy) -> bool:
    """Whether this policy looks at images (its ``needs_images``, default yes)."""
    return bool(getattr(policy, "needs_images", True))


def predict(
    policy: Policy, observations: Sequence[Observation], seeds: Sequence[int] | None = None
) -> list[Prediction]:
    """Call ``policy.predict``, with one noise seed per observation if the policy takes ``seeds``.

    Raises:
        PolicyFault: The policy returned another number of predictions than observations.
    """
    if seeds is not None and _takes_seeds(policy):
        predictions = policy.predict(observations, seeds=list(seeds))  # type: ignore[call-arg]
    else:
        predictions = policy.predict(observations)
    if len(predictions) != len(observations):
        raise PolicyFault(f"{len(predictions)} predictions for {len(observations)} observations")
    return predictions


def _takes_seeds(policy: Policy) -> bool:
    return "seeds" in inspect.signature(policy.predict).parameters


def check_observation(observation: Observation) -> None:
    """Refuse an observation that no policy can answer.

    Raises:
        InvalidInputError: The state is not 17 finite numbers.
    """
    state = np.asarray(observation.state)
    if state.shape != (STATE_DIM,):
        raise InvalidInputError(f"the state has shape {state.shape}, expected ({STATE_DIM},)")
    if not np.isfinite(state).all():
        raise InvalidInputError("the state holds values that are not finite")


def check_prediction(prediction: Prediction) -> Prediction:
    """Return the prediction if its plan may be executed.

    Raises:
        PolicyFault: The plan is not (16, 7) finite numbers.
    """
    actions = np.asarray(prediction.chunk.actions)
    if actions.shape != (CHUNK_STEPS, ACTION_DIM):
        raise PolicyFault(f"the plan has shape {actions.shape}, expected {(CHUNK_STEPS, ACTION_DIM)}")
    if not np.isfinite(actions).all():
        raise PolicyFault("the plan holds values that are not finite")
    return prediction


def hold_chunk(gripper: float) -> ActionChunk:
    """A plan that stays where it is with the gripper at ``gripper`` (0 closed .. 1 open)."""
    actions = np.zeros((CHUNK_STEPS, ACTION_DIM), np.float32)
    actions[:, -1] = gripper
    return ActionChunk(actions)
