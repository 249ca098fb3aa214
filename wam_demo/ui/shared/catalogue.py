"""What can be chosen on this machine, and how it is opened: tasks, policies, disturbances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from wam_demo.errors import CheckpointError
from wam_demo.policies.base import LEARNED_POLICIES, REMOTE, require_policy
from wam_demo.policies.remote.settings import is_configured
from wam_demo.runtime import Backend, Planner
from wam_demo.types import Event
from wam_demo.ui.live.commands import Choices
from wam_demo.ui.live.probe import Probing
from wam_demo.ui.live.whatif import Wondering

if TYPE_CHECKING:
    from wam_demo.robots.source import Source

POLICY_LABELS: Mapping[str, str] = {
    "agra": "AGRA",
    "wam": "WAM, unaligned",
    "remote": "Policy server",
    "expert": "Expert, scripted",
    "hold": "Hold still",
}
"""Every policy that the page knows, best first, with its label."""


@dataclass(frozen=True)
class Catalogue:
    """What a visitor can choose.

    Attributes:
        tasks: Title by task name.
        policies: Label by policy name, the preferred one first.
        imagining: Policies that imagine and attend.
        axes: Perturbation axes with a slider.
        backend: Makes what was chosen.
        open_probing: How a policy is probed; ``None`` for one without video tokens.
        open_wondering: How a policy imagines another plan; ``None`` for one that cannot.
    """

    tasks: Mapping[str, str]
    policies: Mapping[str, str]
    imagining: frozenset[str]
    axes: tuple[str, ...]
    backend: Backend
    open_probing: Callable[[str], Probing | None] = lambda policy: None
    open_wondering: Callable[[str], Wondering | None] = lambda policy: None

    @property
    def choices(self) -> Choices:
        """Names, for checking commands."""
        return Choices(tuple(self.tasks), tuple(self.policies), self.axes)


def shipped() -> Catalogue:
    """What this checkout can do; policies without a checkpoint or a configured server are left out.

    Raises:
        InvalidInputError: The configured server's address is not one.
    """
    from wam_demo.sim import TASKS
    from wam_demo.ui.shared.words import AXIS_WORDS

    return Catalogue(
        tasks={name: spec.title for name, spec in TASKS.items()},
        policies={name: label for name, label in POLICY_LABELS.items() if _is_here(name)},
        imagining=frozenset(LEARNED_POLICIES),
        axes=tuple(AXIS_WORDS),
        backend=Backend(
            open_source=_open_source,
            open_planner=_open_planner,
            sample=_sample,
            horizons={name: spec.horizon for name, spec in TASKS.items()},
            digest=_digest,
            has_policy=lambda policy: policy in POLICY_LABELS and _is_here(policy),
        ),
        open_probing=_open_probing,
        open_wondering=_open_wondering,
    )


def _is_here(policy: str) -> bool:
    if policy == REMOTE and not is_configured():
        return False
    try:
        require_policy(policy)
    except CheckpointError:
        return False
    return True


def warm_up(catalogue: Catalogue) -> None:
    """Load the preferred policy, so that the first visitor does not wait for it.

    Raises:
        CheckpointError: Its checkpoint is corrupt.
    """
    from wam_demo.policies.engines import engines

    preferred = next(iter(catalogue.policies))
    if preferred in LEARNED_POLICIES:
        engines.get(preferred)


def _open_source(task: str) -> Source:
    from wam_demo.robots.simulator import simulator

    return simulator(task)


def _sample(axis: str, severity: int, seed: int) -> Sequence[Event]:
    from wam_demo.sim import perturb

    return perturb.sample(axis, severity, seed)


@lru_cache
def _digest(policy: str) -> str | None:
    from wam_demo.policies.base import checkpoint_digest

    return checkpoint_digest(policy)


def _open_planner(policy: str, source: Source) -> Planner:
    from wam_demo.policies.base import load_policy
    from wam_demo.policies.engines import engines
    from wam_demo.policies.receding import InlinePlanner
    from wam_demo.robots.simulator import SimulatorSource

    assert isinstance(source, SimulatorSource), "made by `_open_source`"
    if policy in (*LEARNED_POLICIES, REMOTE):
        engine = engines.get(policy)
        trained = getattr(engine.policy, "tasks", ())
        note = f"{policy} was not trained on this task" if trained and source.task not in trained else ""
        return Planner(
            engine.submit,
            (lambda observation, chunk: engine.submit_imagination(observation, chunk=chunk))
            if engine.can_imagine
            else None,
            note,
            lambda observation, seed: engine.submit(observation, seed=seed, alone=True),
        )
    return Planner(InlinePlanner(load_policy(policy, world=source.world)).submit)


def _open_probing(policy: str) -> Probing | None:
    from wam_demo.policies.engines import engines

    if policy not in LEARNED_POLICIES:
        return None
    engine = engines.get(policy)
    prober: Any = engine.policy
    return Probing(prober.token_grid, engine.submit_probe) if engine.can_probe else None


def _open_wondering(policy: str) -> Wondering | None:
    from wam_demo.policies.engines import engines
    from wam_demo.policies.whatif import table_point, towards

    if policy not in LEARNED_POLICIES:
        return None
    engine = engines.get(policy)
    expert = getattr(engine.policy, "expert", None)
    if expert is None:  # only the expert knows where the cameras are, and was taught to follow a plan
        return None
    return Wondering(
        partial(table_point, expert.config.calibration),
        towards,
        lambda observation, chunk: engine.submit_imagination(observation, seed=0, chunk=chunk),
    )
