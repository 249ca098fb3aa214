"""One episode before and while it is played: its scene, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wam_demo.types import CalibrationState, Observation, Vector

PROGRESS_STEPS = 10
"""Control steps between two looks at how far the task is from done."""


@dataclass(frozen=True)
class SceneSpec:
    """Everything that determines an episode besides the actions.

    Attributes:
        task: Task name.
        seed: Seed of the reset.
        axis: Perturbation axis or ``none``.
        severity: 1 .. 5; 0 on ``none``.
        instruction: Replaces the scene's own, if given; the episode is judged by what it asks for.
        horizon: Control steps after which the episode has failed.
        linger: Control steps to go on after the first success.
        images: Whether observations hold images.
        calibration: What the policy is told of cameras that were moved.
        video: Where to write a video of the episode, if anywhere.
    """

    task: str
    seed: int
    axis: str = "none"
    severity: int = 0
    instruction: str | None = None
    horizon: int = 0
    linger: int = 0
    images: bool = True
    calibration: CalibrationState = "stale"
    video: Path | None = None


@dataclass(frozen=True)
class RoundReport:
    """Where an episode stands after a round.

    Attributes:
        observation: The newest one; ``None`` when the episode is over.
        steps: Control steps played so far.
        done: The episode is over.
        success: The success predicate held for 0.5 s at some time.
        success_now: It holds in the last state.
        fault: One line when the simulator failed.
        unscored: Why what the instruction asks for cannot be judged; empty when it can.
        actions: (T, 7) float32 of a finished episode whose actions only this end knows.
        goal_distances_m: (1 + T // `PROGRESS_STEPS` + 1,) of a finished episode: how far the task is from done [m]
            at the start, every `PROGRESS_STEPS` steps and at the end; empty if the physics diverged.
        video: The finished video, if there is one.
    """

    observation: Observation | None
    steps: int = 0
    done: bool = False
    success: bool = False
    success_now: bool = False
    fault: str | None = None
    unscored: str = ""
    actions: Vector | None = None
    goal_distances_m: tuple[float, ...] = ()
    video: Path | None = None
