"""Every policy family by name: what it is, what it can do, and how it is loaded.

A new family is one file that builds a `PolicySpec`, and one call of `register`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.policies.compute.variants import EAGER
from wam_demo.types import Policy

if TYPE_CHECKING:
    from wam_demo.sim.world import World


@dataclass(frozen=True)
class LoadContext:
    """What a policy may be loaded with.

    Attributes:
        checkpoint: Directory that overrides the shipped weights; for policies with weights only.
        world: Simulator that a privileged policy reads; ``None`` for every other.
        compute: How its network is computed, a name of `wam_demo.policies.compute.variants.COMPUTE`; policies
            without one take no notice.
    """

    checkpoint: Path | None = None
    world: World | None = None
    compute: str = EAGER


@dataclass(frozen=True)
class PolicySpec:
    """One policy as the rest of the package knows it; nobody asks a loaded policy what it can do.

    Attributes:
        name: As on the command line and in logs.
        label: As on the page.
        sentence: What a visitor should know, in one sentence.
        load: Makes it; raises `CheckpointError`, `InvalidInputError` or `PolicyFault`.
        tasks: Tasks that it was trained on, with this checkpoint (``None``: the shipped one); empty: any.
        digest: SHA-256 of what answers, hexadecimal, with this checkpoint; ``None``: nothing that has one.
        fastest: By what it is computed the fastest on this machine, with this checkpoint; measured if need be.
        measured: What `fastest` would say without measuring anything; ``None`` when it would have to.
        require: Raises what `load` would raise for want of a file or a setting, without loading anything.
        is_available: Whether it can be used here; raises `InvalidInputError` when a setting is not usable.
        imagines: It is an `Imaginer`.
        attends: Its predictions say where it looks.
        can_be_probed: It is a `wam_demo.policies.probe.Prober`.
        follows_a_plan: It is a `PlanFollower`: what it imagines follows the chunk that it is given.
        dreams: It is a `wam_demo.policies.dreaming.Dreamer`: it can go on from what it imagined.
        labels: It is a `wam_demo.policies.labelling.Labeller`: it says which action a film shows.
        has_weights: It has a checkpoint of its own.
        privileged: It reads the simulator's true state, so it lives beside one world and cannot be served.
        needs_images: It looks at pictures; the others answer at once, where they are asked.
        is_baseline: It does nothing, and is there to be compared with.
        weights: Where its own weights lie, if `wam_demo.train.tune` can train them further.
        parent: The policy that it was fine-tuned from, if it was.
        looking_ahead: The policy of this name that chooses between so many plans of this one; ``None``: there is none.
    """

    name: str
    label: str
    sentence: str
    load: Callable[[LoadContext], Policy]
    tasks: Callable[[Path | None], Sequence[str]] = lambda checkpoint: ()
    digest: Callable[[Path | None], str | None] = lambda checkpoint: None
    fastest: Callable[[Path | None], str] = lambda checkpoint: EAGER
    measured: Callable[[Path | None], str | None] = lambda checkpoint: EAGER
    require: Callable[[Path | None], None] = lambda checkpoint: None
    is_available: Callable[[], bool] = lambda: True
    imagines: bool = False
    attends: bool = False
    can_be_probed: bool = False
    follows_a_plan: bool = False
    dreams: bool = False
    labels: bool = False
    has_weights: bool = False
    privileged: bool = False
    needs_images: bool = True
    is_baseline: bool = False
    weights: Path | None = None
    parent: str | None = None
    looking_ahead: Callable[[str, int], PolicySpec] | None = None


LOOKAHEAD = "+lookahead"
"""``POLICY+lookaheadK`` is a policy that chooses between K plans by what it imagines of them, where it can."""
MOST_PLANS = 16
"""Plans that a policy chooses between, at most; at least 2."""
_specs: dict[str, PolicySpec] = {}


def register(spec: PolicySpec) -> None:
    """Make a policy known to the whole process; it is listed after those that are there already.

    Raises:
        InvalidInputError: There is another one of this name.
    """
    if _specs.setdefault(spec.name, spec) is not spec:
        raise InvalidInputError(f"there is a policy {spec.name!r} already")


def unregister(name: str) -> None:
    """Forget a policy; raises `UnknownNameError`."""
    del _specs[policy_spec(name).name]


def policy_spec(name: str) -> PolicySpec:
    """A policy by name, or ``POLICY+lookaheadK``.

    Raises:
        UnknownNameError: There is none; it suggests the closest.
        InvalidInputError: The policy cannot look ahead, or not between so many plans.
    """
    base, looks, count = name.partition(LOOKAHEAD)
    if base not in _specs:
        raise UnknownNameError("policy", base, _specs)
    spec = _specs[base]
    if not looks:
        return spec
    if spec.looking_ahead is None:
        raise InvalidInputError(f"{base} cannot look ahead: it takes an imagination model and a success head")
    if not count.isdecimal() or not 2 <= int(count) <= MOST_PLANS:
        raise InvalidInputError(f"a policy looks ahead at 2 to {MOST_PLANS} plans, not at {count or 'none'}")
    return spec.looking_ahead(name, int(count))


def policy_specs() -> tuple[PolicySpec, ...]:
    """Every policy, in the order in which they are shown: the preferred one first."""
    return tuple(_specs.values())


def load_policy(name: str, checkpoint: Path | None = None, world: World | None = None, compute: str = EAGER) -> Policy:
    """Load a policy by name; see `PolicySpec.load` and `LoadContext`.

    Raises:
        UnknownNameError: No such policy.
        InvalidInputError: A privileged policy has no world, or a setting is missing.
        CheckpointError: The checkpoint is missing or corrupt.
        PolicyFault: The policy server cannot be reached.
    """
    return policy_spec(name).load(LoadContext(checkpoint, world, compute))


def require_policy(name: str, checkpoint: Path | None = None) -> PolicySpec:
    """The policy, if it can be loaded as far as can be told without loading it.

    Raises:
        UnknownNameError: No such policy.
        InvalidInputError: A setting is missing.
        CheckpointError: A file of its checkpoint is missing.
    """
    spec = policy_spec(name)
    spec.require(checkpoint)
    return spec


def checkpoint_digest(name: str, checkpoint: Path | None = None) -> str | None:
    """SHA-256 of what answers under this name, hexadecimal; see `PolicySpec.digest`."""
    return policy_spec(name).digest(checkpoint)
