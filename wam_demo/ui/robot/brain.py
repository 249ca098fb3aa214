"""A policy for recordings: the process's shared inference engine, so that acting sessions go first."""

from __future__ import annotations

from wam_demo.diagnose.openloop import policy_calls
from wam_demo.policies.engines import engines
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.policies.shared import SharedPolicy
from wam_demo.ui.robot.room import Brain


def open_brain(policy: str) -> Brain:
    """Plans and imaginations of a policy by name.

    Raises:
        UnknownNameError: No such policy.
        CheckpointError: Its weights are missing or corrupt.
    """
    spec = policy_spec(policy)
    return policy_calls(SharedPolicy(engines.get(policy)) if spec.needs_images else load_policy(policy), spec.imagines)
