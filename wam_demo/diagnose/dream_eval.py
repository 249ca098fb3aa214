"""Policies judged in their own dreams: does the success that is dreamt say what the simulator will say?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from wam_demo.diagnose.dream import where_looked_at
from wam_demo.errors import CheckpointError
from wam_demo.models.wam.success import HELD_LOOKS, lasts
from wam_demo.policies.dreaming import Dreamer
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.policies.weakened import WeakenedDriver, Weakness
from wam_demo.robots.dream import DreamSource, at_once
from wam_demo.types import Image, Observation

if TYPE_CHECKING:
    from wam_demo.policies.wam.judge import Judgement
    from wam_demo.sim.world import World


class Judge(Protocol):
    """Says from pictures whether what was asked for is fulfilled, as `SuccessJudge` does."""

    @property
    def threshold(self) -> float:
        """Probability from which it is."""

    def judge(self, observations: Sequence[Observation]) -> Judgement:
        """Probability of each."""


@dataclass(frozen=True)
class Course:
    """How one scene went, in the simulator or in a dream.

    Attributes:
        called: The judge called it a success.
        probabilities: What it said after each plan.
        success: What the task's own predicate said; ``None`` in a dream, where there is no truth.
        last: The last pictures by camera.
    """

    called: bool
    probabilities: list[float]
    success: bool | None
    last: Mapping[str, Image]


@dataclass(frozen=True)
class JudgedScene:
    """One scene of one policy.

    Attributes:
        policy: ``POLICY`` or ``POLICY+WEAKNESS``.
        task: Task name.
        seed: Scene.
        sim: Success in the simulator.
        seen: The judge called the simulator's pictures a success.
        dreamt: It called the dream a success.
        peak_seen: Largest probability in the simulator.
        peak_dreamt: In the dream.
    """

    policy: str
    task: str
    seed: int
    sim: bool
    seen: bool
    dreamt: bool
    peak_seen: float
    peak_dreamt: float

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def judged_scene(
    world: World, policy: Dreamer, name: str, weak: Weakness, judge: Judge, seed: int
) -> tuple[JudgedScene, Course, Course] | None:
    """Play a scene in the simulator and, from the same first observation, in the policy's own dream.

    Args:
        world: The task's.
        policy: Plans and dreams.
        name: Of the policy with its weakness.
        weak: What is wrong with it, in both alike.
        judge: Looks at both.
        seed: Scene.

    Returns:
        The scene and both courses; ``None`` if the physics diverged.

    Raises:
        CheckpointError: These weights cannot dream.
    """
    start = world.reset(seed)
    real = simulated(world, start, WeakenedDriver(policy, weak, seed), judge)
    if real is None:
        return None
    dream = dreamt(start, policy, WeakenedDriver(policy, weak, seed), judge, world.logic.spec.horizon)
    peaks = (max(course.probabilities) for course in (real, dream))
    return JudgedScene(name, world.task, seed, bool(real.success), real.called, dream.called, *peaks), real, dream


def simulated(world: World, start: Observation, driver: WeakenedDriver, judge: Judge) -> Course | None:
    """The simulator's course, until success, looked at a little longer; ``None`` if the physics diverged.

    Args:
        world: Stands at the start.
        start: What is seen there.
        driver: Decides.
        judge: Looks at the pictures after each plan; decides nothing.
    """
    seen, success, linger = [start], False, HELD_LOOKS
    for _ in range(0, world.logic.spec.horizon, EXECUTE_STEPS):
        for action in driver.plan(seen[-1]):
            result = world.step(action)
            if result.fault is not None:
                return None
            success = success or result.success
        seen.append(world.observe())
        linger -= success
        if linger < 0:
            break
    said = judge.judge(seen[1:]).success.tolist()
    return Course(called(said, judge), said, success, seen[-1].images)


def dreamt(start: Observation, policy: Dreamer, driver: WeakenedDriver, judge: Judge, horizon: int) -> Course:
    """The dream's course, until the judge calls it a success or the task's time is over.

    Args:
        start: Where it begins.
        policy: Dreams.
        driver: Decides on what is dreamt.
        judge: Looks at the pictures after each plan.
        horizon: Control steps at most.

    Raises:
        CheckpointError: These weights cannot dream.
    """
    if policy.calibration is None:
        raise CheckpointError("these weights have no imagination model to dream with")
    source, said = DreamSource(start, where_looked_at(at_once(policy)), policy.calibration), list[float]()
    for _ in range(0, horizon, EXECUTE_STEPS):
        for action in driver.plan(source.observe()):
            source.apply(action)
        said.append(float(judge.judge([source.observe()]).success[0]))
        if called(said, judge):
            break
    return Course(called(said, judge), said, None, source.observe().images)


def called(said: Sequence[float], judge: Judge) -> bool:
    """Whether what the judge said look by look is a success."""
    return lasts([probability >= judge.threshold for probability in said])
