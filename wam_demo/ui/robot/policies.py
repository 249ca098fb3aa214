"""A policy for recordings: the process's shared inference engine, so that acting sessions go first."""

from __future__ import annotations

from typing import NamedTuple

from wam_demo.diagnose.labelling import AskLabel, asking
from wam_demo.diagnose.openloop import Imagine, Plan, policy_calls
from wam_demo.policies.engines import engines
from wam_demo.policies.registry import load_policy, policy_spec
from wam_demo.policies.shared import SharedPolicy


class OpenLoopPolicy(NamedTuple):
    """A policy as two calls: plans, and one future each (``None`` without imagination)."""

    plan: Plan
    imagine: Imagine | None


def open_labeller(name: str) -> AskLabel:
    """The labels of a policy by name; raises as `open_policy`."""
    return asking(SharedPolicy(engines.get(name)))


def open_policy(name: str) -> OpenLoopPolicy:
    """Plans and imaginations of a policy by name.

    Raises:
        UnknownNameError: No such policy.
        CheckpointError: Its weights are missing or corrupt.
    """
    spec = policy_spec(name)
    policy = SharedPolicy(engines.get(name)) if spec.needs_images else load_policy(name)
    return OpenLoopPolicy(*policy_calls(policy, spec.imagines))
