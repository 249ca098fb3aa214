"""What can be chosen on this machine, and how it is opened: tasks, policies, disturbances."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, cast

from wam_demo.config import RECORDINGS
from wam_demo.errors import InvalidInputError
from wam_demo.policies.registry import PolicySpec, checkpoint_digest, load_policy, policy_spec, policy_specs
from wam_demo.runtime import Backend, Planner
from wam_demo.types import Event, Observation
from wam_demo.ui.shared.axes import AXES_IN_WORDS, FIRST_AXES
from wam_demo.ui.shared.questions import CounterfactualPlanning, Probing

if TYPE_CHECKING:
    from wam_demo.robots.source import Source


class Offer(Mapping[str, PolicySpec]):
    """Policies by name as they are now: one that is taught while the app runs joins them.

    Args:
        policies: All that there are, in their order.
        holds: Which of them are offered.
    """

    def __init__(
        self,
        policies: Callable[[], Iterable[PolicySpec]],
        holds: Callable[[PolicySpec], bool] = lambda spec: True,
    ) -> None:
        self._policies, self._holds = policies, holds

    def _now(self) -> dict[str, PolicySpec]:
        return {spec.name: spec for spec in self._policies() if self._holds(spec)}

    def __getitem__(self, name: str) -> PolicySpec:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


@dataclass(frozen=True)
class Catalogue:
    """What a visitor can choose.

    Attributes:
        tasks: Title by task name.
        policies: By name, the preferred one first.
        axes: Perturbation axes that have a slider on the Live tab, in their order.
        backend: Makes what was chosen.
        open_probing: How a policy is probed; asked only of one that can be.
        open_counterfactuals: How a policy imagines another plan; ``None`` for weights that cannot.
        arm: Tasks on a connected arm: a person chooses them on the page, no link and no log does.
    """

    tasks: Mapping[str, str]
    policies: Mapping[str, PolicySpec]
    axes: tuple[str, ...]
    backend: Backend
    open_probing: Callable[[str], Probing]
    open_counterfactuals: Callable[[str], CounterfactualPlanning | None]
    arm: frozenset[str] = frozenset()

    @property
    def simulated(self) -> dict[str, str]:
        """Title by name of the tasks in a simulator."""
        return {name: title for name, title in self.tasks.items() if name not in self.arm}

    @property
    def labels(self) -> dict[str, str]:
        """What people call the policies."""
        return {name: spec.label for name, spec in self.policies.items()}

    def those(self, holds: Callable[[PolicySpec], bool]) -> list[str]:
        """Names of the policies for which something holds."""
        return [name for name, spec in self.policies.items() if holds(spec)]


def shipped() -> Catalogue:
    """What this checkout can do; policies without a checkpoint or a configured server are left out.

    Raises:
        InvalidInputError: The configured server's address is not one.
    """
    from wam_demo.sim import TASKS

    return Catalogue(
        tasks={name: spec.title for name, spec in TASKS.items()},
        policies=Offer(policy_specs, lambda spec: spec.is_available()),
        axes=(*FIRST_AXES, *(axis for axis in AXES_IN_WORDS if axis not in FIRST_AXES)),
        backend=Backend(
            open_source=_open_source,
            open_planner=open_planner,
            sample=_sample,
            horizons={name: spec.horizon for name, spec in TASKS.items()},
            digest=lru_cache(checkpoint_digest),
            has_policy=lambda name: any(spec.name == name and spec.is_available() for spec in policy_specs()),
            recordings=RECORDINGS,
            open_dream=_open_dream,
        ),
        open_probing=_open_probing,
        open_counterfactuals=_open_counterfactuals,
    )


def warm_up(catalogue: Catalogue) -> None:
    """Load the preferred policy, so that the first visitor does not wait for it.

    Raises:
        CheckpointError: Its checkpoint is corrupt.
    """
    from wam_demo.policies.engines import engines

    preferred = next(iter(catalogue.policies.values()))
    if preferred.has_weights:
        engines.get(preferred.name)


def open_planner(policy: str, source: Source | None = None) -> Planner:
    """How a policy is asked for plans and imaginations.

    Args:
        policy: Its name.
        source: What it acts in; ``None`` where nothing is simulated.
    """
    from wam_demo.policies.engines import engines
    from wam_demo.policies.receding import InlinePlanner
    from wam_demo.robots.simulator import SimulatorSource

    spec = policy_spec(policy)
    world = source.world if isinstance(source, SimulatorSource) else None
    if not spec.needs_images:
        return Planner(InlinePlanner(load_policy(policy, world=world)).submit)
    engine, trained = engines.get(policy), spec.tasks(None)
    return Planner(
        engine.submit,
        engine.submit_imagination if spec.imagines else None,
        f"{policy} was not trained on this task" if world and trained and world.task not in trained else "",
        lambda observation, seed: engine.submit(observation, seed=seed, alone=True),
    )


def _open_source(task: str) -> Source:
    from wam_demo.robots.simulator import simulator

    return simulator(task)


def _open_dream(policy: str, observation: Observation) -> Source:
    """The dream of a policy; raises `InvalidInputError` for one that cannot."""
    from wam_demo.policies.dreaming import Dreamer
    from wam_demo.policies.engines import engines
    from wam_demo.robots.dream import DreamSource

    calibration = None
    if policy_spec(policy).dreams:
        engine = engines.get(policy)
        calibration = cast(Dreamer, engine.policy).calibration
    if calibration is None:
        raise InvalidInputError(f"{policy} cannot dream: it has no imagination model to go on with")
    return DreamSource(observation, engine.submit_dream, calibration)


def _sample(axis: str, severity: int, seed: int) -> Sequence[Event]:
    from wam_demo.sim import perturb

    return perturb.sample(axis, severity, seed)


def _open_probing(policy: str) -> Probing:
    from wam_demo.policies.engines import engines
    from wam_demo.policies.probe import Prober

    engine = engines.get(policy)
    return Probing(cast(Prober, engine.policy).token_grid, engine.submit_probe)


def _open_counterfactuals(policy: str) -> CounterfactualPlanning | None:
    from wam_demo.policies.engines import engines
    from wam_demo.policies.whatif import PlanFollower, plan_along

    engine = engines.get(policy)
    calibration = cast(PlanFollower, engine.policy).calibration
    if calibration is None:
        return None
    return CounterfactualPlanning(
        partial(plan_along, calibration),
        lambda observation, chunk: engine.submit_imagination(observation, seed=0, chunk=chunk),
    )
