"""Blind matches: two policies on one scene, drawn by a seed, so that nobody chooses what is compared."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.evaluate.executors.executor import Control
from wam_demo.evaluate.executors.play import play_scenes
from wam_demo.evaluate.executors.simulators import Simulators
from wam_demo.evaluate.specs.evaluation import EVALUATION_SEEDS, NOMINAL, EpisodeResult
from wam_demo.evaluate.specs.record import PlayedEpisode
from wam_demo.evaluate.specs.scene import SceneSpec
from wam_demo.policies.receding import EXECUTE_STEPS
from wam_demo.policies.registry import policy_spec
from wam_demo.sim import TASKS
from wam_demo.types import Policy

NOMINAL_SHARE = 0.25
"""Share without any perturbation, of what is drawn evenly."""
CANDIDATES = 6
"""Pairings of which the most informative is played."""
EVEN_EVERY = 5
"""One match of so many is drawn evenly."""
SEVERITIES = (1, 2, 3, 4)
"""Severities that matches are drawn from: 5 mostly shows that both fail."""


@dataclass(frozen=True)
class Pool:
    """What matches are drawn from.

    Attributes:
        policies: At least two names.
        tasks: At least one name.
        axes: Perturbation axes; without any, every match is nominal.
    """

    policies: Sequence[str]
    tasks: Sequence[str]
    axes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if len(self.policies) < 2 or not self.tasks:
            raise InvalidInputError("a blind match needs two policies and a task")


@dataclass(frozen=True)
class Pairing:
    """What is played: two policies, hidden behind left and right, on the same disturbed scene.

    Attributes:
        left: Policy shown on the left.
        right: Policy shown on the right.
        task: Task name.
        scene: Seed of the scene, and of what disturbs it.
        axis: Perturbation axis or ``none``.
        severity: 1 .. 5; 0 on ``none``.
    """

    left: str
    right: str
    task: str
    scene: int
    axis: str = NOMINAL
    severity: int = 0


@dataclass(frozen=True)
class Side:
    """What one policy did.

    Attributes:
        policy: Its name.
        checkpoint_sha256: Digest of its weights; empty for a scripted policy.
        success: Whether it solved the task.
        steps: Control steps it took.
        video: The episode, mp4.
    """

    policy: str
    checkpoint_sha256: str
    success: bool
    steps: int
    video: bytes


@dataclass(frozen=True)
class Match:
    """A pairing that was played out.

    Attributes:
        pairing: What was played.
        instruction: As the policies saw it.
        left: What the policy on the left did.
        right: What the policy on the right did.
    """

    pairing: Pairing
    instruction: str
    left: Side
    right: Side


def evenly(pairing: Pairing) -> float:
    """Every pairing is worth the same."""
    return 1.0


def draw(number: int, seed: int, pool: Pool, worth: Callable[[Pairing], float] = evenly) -> Pairing:
    """The ``number``-th pairing: the one that a vote says most about, of a few that were drawn evenly.

    Every fifth is drawn evenly, so that nothing is out of reach, and sides are drawn by a fair coin.

    Args:
        number: Counts matches from 0.
        seed: Selects the sequence.
        pool: What to draw from.
        worth: How much a vote on a pairing is expected to say.
    """
    rng = np.random.default_rng([seed, 2, number])
    count = 1 if number % EVEN_EVERY == 0 else CANDIDATES
    return max([_candidate(rng, pool) for _ in range(count)], key=worth)


def _candidate(rng: np.random.Generator, pool: Pool) -> Pairing:
    pairs = list(combinations(pool.policies, 2))
    left, right = pairs[int(rng.integers(len(pairs)))]
    if rng.random() < 0.5:
        left, right = right, left
    task = pool.tasks[int(rng.integers(len(pool.tasks)))]
    scene = int(rng.integers(EVALUATION_SEEDS[0], EVALUATION_SEEDS[-1] + 1))
    if not pool.axes or rng.random() < NOMINAL_SHARE:
        return Pairing(left, right, task, scene)
    axis = pool.axes[int(rng.integers(len(pool.axes)))]
    return Pairing(left, right, task, scene, axis, int(rng.choice(SEVERITIES)))


Load = Callable[[str], Policy | None]
"""Gives a policy by name; ``None`` for the expert, which lives beside its world."""


def play(pairing: Pairing, load: Load, digest: Callable[[str], str | None]) -> Match | None:
    """Play both policies on the same scene, with a video each.

    Args:
        pairing: What to play.
        load: Gives a policy by name.
        digest: Gives the SHA-256 of a policy's weights, or ``None``.

    Returns:
        The match; ``None`` when the simulator or a policy failed technically, which says nothing
        about what a person would prefer.
    """
    sides = []
    with tempfile.TemporaryDirectory(prefix="blind-") as folder, Simulators(slots=1, processes=1) as simulators:
        for name, policy in (("left", pairing.left), ("right", pairing.right)):
            result = _play_side(pairing, policy, load(policy), simulators, Path(folder) / f"{name}.mp4")
            if result.outcome not in ("success", "timeout"):
                return None
            (video,) = Path(folder).glob(f"{name}-*.mp4")  # the outcome is added to its name
            sides.append(Side(policy, digest(policy) or "", result.success, result.steps, video.read_bytes()))
    return Match(pairing, _instruction(pairing), *sides)


def _play_side(
    pairing: Pairing, name: str, policy: Policy | None, simulators: Simulators, video: Path
) -> EpisodeResult:
    scene = SceneSpec(
        task=pairing.task,
        seed=pairing.scene,
        axis=pairing.axis,
        severity=pairing.severity,
        horizon=TASKS[pairing.task].horizon,
        video=video,
        images=policy_spec(name).needs_images,
    )
    played: list[PlayedEpisode] = []
    control = Control(1 if policy is None else EXECUTE_STEPS)  # the expert plans anew at every step
    play_scenes([scene], policy, control, simulators, played.append)
    return played[0].result


def _instruction(pairing: Pairing) -> str:
    """The words that both policies saw; no picture is rendered for them."""
    from wam_demo.sim.perturb import sample
    from wam_demo.sim.world import World

    world = World(pairing.task)
    try:
        world.draw(pairing.scene)
        if pairing.axis != NOMINAL:
            world.apply(sample(pairing.axis, pairing.severity, pairing.scene, world))
        return world.instruction
    finally:
        world.close()
