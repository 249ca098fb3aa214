"""What can be chosen on this machine, and how it is opened: tasks, policies, disturbances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

from wam_demo.policies.probe import Prober
from wam_demo.policies.registry import checkpoint_digest, load_policy, policy_spec, policy_specs
from wam_demo.runtime import Backend, Planner
from wam_demo.types import Event
from wam_demo.ui.live.commands import Choices
from wam_demo.ui.live.probe import Probing
from wam_demo.ui.live.whatif import Wondering

if TYPE_CHECKING:
    from wam_demo.robots.source import Source


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
        policies={spec.name: spec.label for spec in policy_specs() if spec.is_available()},
        imagining=frozenset(spec.name for spec in policy_specs() if spec.imagines),
        axes=tuple(AXIS_WORDS),
        backend=Backend(
            open_source=_open_source,
            open_planner=_open_planner,
            sample=_sample,
            horizons={name: spec.horizon for name, spec in TASKS.items()},
            digest=_digest,
            has_policy=lambda policy: any(spec.name == policy and spec.is_available() for spec in policy_specs()),
        ),
        open_probing=_open_probing,
        open_wondering=_open_wondering,
    )


def warm_up(catalogue: Catalogue) -> None:
    """Load the preferred policy, so that the first visitor does not wait for it.

    Raises:
        CheckpointError: Its checkpoint is corrupt.
    """
    from wam_demo.policies.engines import engines

    preferred = next(iter(catalogue.policies))
    if policy_spec(preferred).has_weights:
        engines.get(preferred)


def _open_source(task: str) -> Source:
    from wam_demo.robots.simulator import simulator

    return simulator(task)


def _sample(axis: str, severity: int, seed: int) -> Sequence[Event]:
    from wam_demo.sim import perturb

    return perturb.sample(axis, severity, seed)


@lru_cache
def _digest(policy: str) -> str | None:
    return checkpoint_digest(policy)


def _open_planner(policy: str, source: Source) -> Planner:
    from wam_demo.policies.engines import engines
    from wam_demo.policies.receding import InlinePlanner
    from wam_demo.robots.simulator import SimulatorSource

    assert isinstance(source, SimulatorSource), "made by `_open_source`"
    spec = policy_spec(policy)
    if spec.needs_images:
        engine = engines.get(policy)
        trained = spec.tasks(None)
        note = f"{policy} was not trained on this task" if trained and source.task not in trained else ""
        return Planner(
            engine.submit,
            (lambda observation, chunk: engine.submit_imagination(observation, chunk=chunk)) if spec.imagines else None,
            note,
            lambda observation, seed: engine.submit(observation, seed=seed, alone=True),
        )
    return Planner(InlinePlanner(load_policy(policy, world=source.world)).submit)


def _open_probing(policy: str) -> Probing | None:
    from wam_demo.policies.engines import engines

    if not policy_spec(policy).can_be_probed:
        return None
    engine = engines.get(policy)
    return Probing(cast(Prober, engine.policy).token_grid, engine.submit_probe)


def _open_wondering(policy: str) -> Wondering | None:
    from wam_demo.policies.engines import engines
    from wam_demo.policies.whatif import PlanFollower, table_point, towards

    if not policy_spec(policy).follows_a_plan:
        return None
    engine = engines.get(policy)
    calibration = cast(PlanFollower, engine.policy).calibration
    if calibration is None:
        return None
    return Wondering(
        partial(table_point, calibration),
        towards,
        lambda observation, chunk: engine.submit_imagination(observation, seed=0, chunk=chunk),
    )
